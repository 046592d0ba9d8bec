"""Turns in one process: order, apologies, clean stops, and nothing of what people wrote in the log."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import select

from bot.context import Receipt, Superseded
from bot.store.database import Database
from bot.store.entry import Entry
from bot.store.inbox import Inbox
from bot.turns import Turns

SECRET = "canary-41aa"


class Bot:
    """Notes what it was asked to answer and to apologise for; `answer` is what the turn does."""

    def __init__(
        self, database: Database, owner: str, answer: Callable[[Entry, Receipt], Awaitable[None]], **options: float
    ) -> None:
        self.answered: dict[str, list[str]] = defaultdict(list)
        self.apologies: list[Entry] = []
        self.done = asyncio.Event()
        self.expected = 1
        self._answer = answer
        self.inbox = Inbox(database, owner=owner, lease_seconds=options.pop("lease_seconds", 10.0))
        self.turns = Turns(self.inbox, self._handle, self._apologise, sweep_seconds=0.05)

    async def _handle(self, entry: Entry, receipt: Receipt) -> None:
        await self._answer(entry, receipt)
        self.answered[entry.conversation_id].append(entry.activity_id)
        self._count()

    async def _apologise(self, entry: Entry, receipt: Receipt) -> None:
        await receipt.sending()
        self.apologies.append(entry)
        self._count()

    def _count(self) -> None:
        if sum(map(len, self.answered.values())) + len(self.apologies) >= self.expected:
            self.done.set()


Start = Callable[..., Awaitable[Bot]]


@pytest.fixture
async def start(database: Database) -> AsyncIterator[Start]:
    bots: list[Bot] = []

    async def start(owner: str, answer: Callable[[Entry, Receipt], Awaitable[None]], **options: float) -> Bot:
        bots.append(Bot(database, owner, answer, **options))
        await bots[-1].turns.start()
        return bots[-1]

    yield start
    for bot in bots:
        await bot.turns.aclose(0)


async def state(database: Database, activity_id: str) -> tuple[str, int, str]:
    table = database.tables.inbox
    statement = select(table.c.state, table.c.attempt, table.c.reply_id).where(table.c.activity_id == activity_id)
    async with database.read() as connection:
        return tuple((await connection.execute(statement)).one())


async def post(entry: Entry, receipt: Receipt) -> None:
    await receipt.sending()
    await asyncio.sleep(entry.seq % 3 * 0.001)


async def test_in_order_per_conversation_and_many_conversations_at_once(database: Database, start: Start) -> None:
    together, most = 0, 0

    async def answer(entry: Entry, receipt: Receipt) -> None:
        nonlocal together, most
        together += 1
        most = max(most, together)
        await post(entry, receipt)
        together -= 1

    bot = await start("one", answer)
    bot.expected = 200
    for number in range(20):
        await asyncio.gather(*(bot.turns.admit(f"c{name}", f"a{number:02}", {}) for name in range(10)))
    await asyncio.wait_for(bot.done.wait(), 20)
    assert bot.answered == {f"c{name}": [f"a{number:02}" for number in range(20)] for name in range(10)}
    assert 1 < most <= 10
    assert not bot.apologies


async def test_a_failed_turn_is_apologised_for_and_logged_without_content(
    database: Database, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(entry: Entry, receipt: Receipt) -> None:
        raise LookupError(entry.activity["text"])

    caplog.set_level(logging.DEBUG)
    bot = await start("one", answer)
    await bot.turns.admit(f"c-{SECRET}", "a1", {"text": SECRET})
    await asyncio.wait_for(bot.done.wait(), 10)
    await bot.turns.aclose(5)
    (entry,) = bot.apologies
    assert (entry.uncertain, await state(database, "a1")) == (False, ("done", 1, ""))
    assert f"turn {entry.reference} failed: LookupError in answer:" in caplog.text
    assert SECRET not in caplog.text


async def test_a_post_that_failed_is_apologised_for_as_uncertain(database: Database, start: Start) -> None:
    async def answer(entry: Entry, receipt: Receipt) -> None:
        await receipt.sending()
        raise TimeoutError

    bot = await start("one", answer)
    await bot.turns.admit("c1", "a1", {})
    await asyncio.wait_for(bot.done.wait(), 10)
    await bot.turns.aclose(5)
    assert ([entry.uncertain for entry in bot.apologies], (await state(database, "a1"))[0]) == ([True], "unknown")


async def test_a_failing_apology_ends_the_turn(database: Database, start: Start) -> None:
    async def answer(entry: Entry, receipt: Receipt) -> None:
        raise LookupError

    async def apologise(entry: Entry, receipt: Receipt) -> None:
        raise LookupError

    inbox = Inbox(database, owner="one")
    turns = Turns(inbox, answer, apologise)
    await turns.start()
    await turns.admit("c1", "a1", {})
    await turns.aclose(5)
    assert (await state(database, "a1"))[0] == "unknown"


async def test_a_stop_within_grace_finishes_and_what_waits_is_left_to_others(database: Database, start: Start) -> None:
    begun = asyncio.Event()

    async def answer(entry: Entry, receipt: Receipt) -> None:
        begun.set()
        await asyncio.sleep(0.05)

    one = await start("one", answer)
    await one.turns.admit("c1", "a1", {})
    await one.turns.admit("c1", "a2", {})
    await begun.wait()
    await one.turns.aclose(10)
    assert one.answered == {"c1": ["a1"]}
    two = await start("two", answer)
    await asyncio.wait_for(two.done.wait(), 10)
    assert two.answered == {"c1": ["a2"]}


async def test_a_stop_after_grace_hands_over_with_the_placeholder(database: Database, start: Start) -> None:
    begun = asyncio.Event()
    seen: list[tuple[int, str]] = []

    async def hang(entry: Entry, receipt: Receipt) -> None:
        await receipt.placed("r1")
        begun.set()
        await asyncio.Event().wait()

    async def answer(entry: Entry, receipt: Receipt) -> None:
        seen.append((entry.attempt, receipt.reply_id))

    one = await start("one", hang)
    await one.turns.admit("c1", "a1", {})
    await begun.wait()
    await one.turns.aclose(0)
    two = await start("two", answer)
    await asyncio.wait_for(two.done.wait(), 10)
    assert (seen, one.apologies, two.apologies) == ([(1, "r1")], [], [])


async def test_a_process_that_slept_through_its_lease_sends_nothing(database: Database, start: Start) -> None:
    awake = asyncio.Event()
    superseded = asyncio.Event()

    async def sleep(entry: Entry, receipt: Receipt) -> None:
        await awake.wait()
        try:
            await receipt.sending()
        except Superseded:
            superseded.set()
            raise

    one = Inbox(database, owner="one", lease_seconds=0.05)
    turns = Turns(one, sleep, post, sweep_seconds=1000)
    await turns.start()
    await turns.admit("c1", "a1", {})
    one.lease_seconds = -1.0  # its heartbeats extend nothing any more
    two = await start("two", post)
    await asyncio.wait_for(two.done.wait(), 10)
    awake.set()
    await asyncio.wait_for(superseded.wait(), 10)
    await turns.aclose(5)
    assert (two.answered, (await state(database, "a1"))[:2]) == ({"c1": ["a1"]}, ("done", 2))


async def test_a_resumed_answer_knows_all_its_messages(database: Database, start: Start) -> None:
    found: list[tuple[str, tuple[str, ...]]] = []

    async def answer(entry: Entry, receipt: Receipt) -> None:
        found.append((receipt.reply_id, receipt.more))
        if len(found) == 1:
            for id in ("m1", "m2", "m3"):
                await receipt.placed(id)
            await asyncio.Event().wait()

    bot = await start("one", answer)
    await bot.turns.admit("c1", "a1", {})
    while (await state(database, "a1"))[2] != "m1 m2 m3":  # noqa: ASYNC110 -- a row in a database makes no event
        await asyncio.sleep(0.01)
    await bot.turns.aclose(0)
    other = await start("two", answer)
    await asyncio.wait_for(other.done.wait(), 20)
    assert found == [("", ()), ("m1", ("m2", "m3"))]


async def test_a_place_for_an_apology_never_becomes_a_place_for_the_answer(database: Database, start: Start) -> None:
    async def answer(entry: Entry, receipt: Receipt) -> None:
        await receipt.sending()
        raise TimeoutError

    async def apologise(entry: Entry, receipt: Receipt) -> None:
        await receipt.placed("m1")
        await asyncio.Event().wait()

    turns = Turns(Inbox(database, owner="one"), answer, apologise)
    await turns.start()
    await turns.admit("c1", "a1", {})
    while (await state(database, "a1"))[2] != "m1":  # noqa: ASYNC110 -- a row in a database makes no event
        await asyncio.sleep(0.01)
    assert (await state(database, "a1"))[0] == "sending"
    await turns.aclose(0)
    other = await start("two", answer)
    await asyncio.wait_for(other.done.wait(), 20)
    assert ([entry.uncertain for entry in other.apologies], other.answered) == ([True], {})
