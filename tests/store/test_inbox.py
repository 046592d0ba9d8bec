"""Admission, leases, fences: what two processes may and may not do to one conversation."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import func, select

from bot.context import Superseded
from bot.store.database import Database, StoreUnavailable
from bot.store.entry import Entry, State
from bot.store.inbox import Inbox


class Process:
    """An inbox as one process has it, and what it was given to do."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.taken: asyncio.Queue[Entry] = asyncio.Queue()
        inbox.start(self.taken.put_nowait)

    async def next(self) -> Entry:
        return await asyncio.wait_for(self.taken.get(), 10)


Start = Callable[..., Process]


@pytest.fixture
async def start(database: Database) -> AsyncIterator[Start]:
    processes: list[Process] = []

    def start(owner: str, lease_seconds: float = 10.0, concurrency: int = 256) -> Process:
        inbox = Inbox(database, owner=owner, lease_seconds=lease_seconds, concurrency=concurrency)
        processes.append(Process(inbox))
        return processes[-1]

    yield start
    for process in processes:
        await process.inbox.aclose()


async def rows(database: Database) -> dict[str, tuple[str, int, str]]:
    table = database.tables.inbox
    async with database.read() as connection:
        found = await connection.execute(select(table.c.activity_id, table.c.state, table.c.attempt, table.c.reply_id))
        return {row[0]: (row[1], row[2], row[3]) for row in found}


async def leases(database: Database) -> int:
    async with database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(database.tables.leases))).scalar_one()


async def test_one_activity_delivered_often_to_two_processes_is_taken_once(database: Database, start: Start) -> None:
    one, two = start("one"), start("two")
    deliveries = [
        process.inbox.admit(f"c{number}", "a", {"n": number}) for number in range(40) for process in (one, two) * 3
    ]
    await asyncio.gather(*deliveries)
    entries = [process.taken.get_nowait() for process in (one, two) for _ in range(process.taken.qsize())]
    assert sorted(entry.conversation_id for entry in entries) == sorted(f"c{number}" for number in range(40))
    assert all(entry.activity == {"n": int(entry.conversation_id[1:])} and entry.attempt == 1 for entry in entries)
    assert len(await rows(database)) == 1  # forty conversations use the same activity id


async def test_a_conversation_goes_on_in_order_and_lets_go_at_the_end(database: Database, start: Start) -> None:
    one, two = start("one"), start("two")
    for number in range(6):
        await (one, two)[number % 2].inbox.admit("c1", f"a{number}", {})
    for number in range(6):
        entry = await one.next()
        assert (entry.activity_id, two.taken.empty()) == (f"a{number}", True)
        await one.inbox.finish(entry, State.DONE)
    assert await leases(database) == 0
    await two.inbox.admit("c1", "a6", {})
    assert (await two.next()).activity_id == "a6"


async def test_a_finished_activity_is_forgotten_and_still_known(database: Database, start: Start) -> None:
    one = start("one")
    await one.inbox.admit("c1", "a1", {"text": "hello"})
    await one.inbox.finish(await one.next(), State.DONE, "r1")
    await one.inbox.admit("c1", "a1", {"text": "hello"})
    assert one.taken.empty()
    assert await rows(database) == {"a1": ("done", 1, "r1")}
    async with database.read() as connection:
        assert (await connection.execute(select(database.tables.inbox.c.activity))).scalars().all() == [None]


async def test_an_expired_lease_is_taken_over_and_the_old_owner_can_write_nothing(
    database: Database, start: Start
) -> None:
    slow, quick = start("slow", lease_seconds=0.05), start("quick")
    await slow.inbox.admit("c1", "a1", {"text": "hello"})
    await slow.inbox.admit("c1", "a2", {})
    lost = await slow.next()
    await slow.inbox.placed(lost, "r1")
    await asyncio.sleep(0.1)
    await quick.inbox.sweep()
    entry = await quick.next()
    assert (entry.activity_id, entry.attempt, entry.reply_id, entry.uncertain) == ("a1", 2, "r1", False)
    assert entry.activity == {"text": "hello"}
    for write in (slow.inbox.placed(lost, "r2"), slow.inbox.sending(lost, ""), slow.inbox.finish(lost, State.DONE)):
        with pytest.raises(Superseded):
            await write
    assert (await rows(database))["a1"] == ("working", 2, "r1")
    await quick.inbox.finish(entry, State.DONE)
    assert (await quick.next()).activity_id == "a2"
    assert slow.taken.empty()


async def test_the_heartbeat_keeps_what_is_held(database: Database, start: Start) -> None:
    one, two = start("one", lease_seconds=0.05), start("two")
    await one.inbox.admit("c1", "a1", {})
    entry = await one.next()
    await asyncio.sleep(0.1)
    one.inbox.lease_seconds = 60.0
    await one.inbox.heartbeat()
    await two.inbox.sweep()
    await two.inbox.admit("c2", "b1", {})  # a batch of its own: what the sweep wanted would be in it
    assert (await two.next()).activity_id == "b1"
    assert two.taken.empty()
    await one.inbox.finish(entry, State.DONE)


async def test_an_announced_post_is_not_replayed(database: Database, start: Start) -> None:
    slow, quick = start("slow", lease_seconds=0.05), start("quick")
    await slow.inbox.admit("c1", "a1", {})
    await slow.inbox.sending(await slow.next(), "")
    await asyncio.sleep(0.1)
    await quick.inbox.sweep()
    assert (await quick.next()).uncertain


async def test_a_clean_stop_hands_over_at_once_and_is_no_attempt(database: Database, start: Start) -> None:
    one, two = start("one"), start("two")
    await one.inbox.admit("c1", "a1", {})
    await one.next()
    await one.inbox.aclose()
    with pytest.raises(StoreUnavailable):
        await one.inbox.admit("c1", "a2", {})
    await two.inbox.sweep()
    assert (await two.next()).attempt == 1


async def test_no_more_conversations_at_once_than_allowed(database: Database, start: Start) -> None:
    one = start("one", concurrency=3)
    await asyncio.gather(*(one.inbox.admit(f"c{number}", "a", {}) for number in range(10)))
    assert one.taken.qsize() == 3
    assert await leases(database) == 3, "another process may work on what this one cannot carry"
    for _ in range(10):
        await one.inbox.finish(await one.next(), State.DONE)
    assert await leases(database) == 0


async def test_admissions_and_releases_of_one_conversation_by_two_processes_lose_nothing(
    database: Database, start: Start
) -> None:
    processes = (start("one"), start("two"))
    finished: list[str] = []
    all_finished = asyncio.Event()

    async def work(process: Process) -> None:
        while True:
            entry = await process.taken.get()
            await process.inbox.finish(entry, State.DONE)
            finished.append(entry.activity_id)
            if len(finished) == 150:
                all_finished.set()

    workers = [asyncio.create_task(work(process)) for process in processes]
    for number in range(150):  # never swept: only the order of locks keeps a row from being forgotten
        await processes[number % 2].inbox.admit("c1", f"a{number:03}", {})
    await asyncio.wait_for(all_finished.wait(), 10)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    assert finished == sorted(finished)
    assert await leases(database) == 0


async def test_old_rows_are_pruned(database: Database, start: Start) -> None:
    one = start("one")
    for name in ("a1", "a2"):
        await one.inbox.admit(name, name, {})
    await one.inbox.finish(await one.next(), State.DONE)
    assert await one.inbox.prune(3600) == 0
    await asyncio.sleep(0.05)
    assert await one.inbox.prune(0.01) == 1
    assert set(await rows(database)) == {"a2"}


@pytest.mark.parametrize("bad", ["", "x" * 1025, "nul\x00", "half \ud800", "é" * 513])
async def test_ids_the_database_cannot_hold_are_refused_alone(database: Database, start: Start, bad: str) -> None:
    one = start("one")
    results = await asyncio.gather(
        one.inbox.admit(bad, "a1", {}),
        one.inbox.admit("c1", bad, {}),
        one.inbox.admit("c1", "a1", {"text": "half \ud800 and \x00"}),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [ValueError, ValueError, type(None)]
    assert (await one.next()).activity == {"text": "half \ud800 and \x00"}
    with pytest.raises(ValueError, match="JSON"):
        await one.inbox.admit("c1", "a2", {"object": object()})


async def test_the_longest_ids_fit(database: Database, start: Start) -> None:
    one = start("one")
    await one.inbox.admit("é" * 512, "ü" * 512, {})
    assert (await one.next()).conversation_id == "é" * 512
