"""What was kept long enough goes, of each kind by its own rule, by one process an hour; the rest stays, and it is told what went."""

import asyncio

import pytest
from sqlalchemy import select, update

from bot.context import Incoming, Place
from bot.retention import DEFAULTS, periods
from bot.store.answers import Answers, Kept
from bot.store.audit import Audit
from bot.store.clock import DatabaseNow
from bot.store.database import Database, StoreUnavailable
from bot.store.leavers import Leavers
from bot.store.references import References
from bot.store.retention import LEASE_SECONDS, Retention, sweep_for_ever
from bot.store.summaries import Summaries
from bot.store.transcripts import Transcripts
from tests.store.test_personal import fill, reference

DAY = 86400.0
AGED = {
    "transcripts": "updated", "summaries": "updated", "answers": "created", "feedback": "updated", "memories": "created",
    "heard": "created", "pending_questions": "created", "runs": "finished", "conversation_references": "updated", "audit": "at",
    "erasures": "at",
}  # fmt: skip


def retention(database: Database, owner: str = "me", leaver_days: int = 30, **days: int) -> Retention:
    return Retention(database, {**DEFAULTS, **days}, audit_days=365, leaver_days=leaver_days, owner=owner)


async def age(database: Database, days: float) -> None:
    """Everything there is becomes so old."""
    async with database.write() as connection:
        for name, column in AGED.items():
            table = database.tables.metadata.tables[name]
            await connection.execute(update(table).values({column: DatabaseNow() - days * DAY}))


async def rows(database: Database) -> dict[str, int]:
    async with database.read() as connection:
        return {
            name: len((await connection.execute(select(database.tables.metadata.tables[name]))).all()) for name in AGED
        }


async def test_each_kind_has_its_own_time(database: Database) -> None:
    await fill(database, "ida")
    before = await rows(database)
    for days, gone in (
        (0.5, set()),
        (2, {"pending_questions"}),
        (8, {"heard"}),
        (91, {"runs"}),
        (366, {"transcripts", "summaries", "answers", "feedback", "audit"}),
    ):
        await age(database, days)
        await retention(database).run()
        after = await rows(database)
        assert {name for name in AGED if after[name] < before[name]} == gone, days
        before = after
    assert before["memories"] == 2, "kept until somebody deletes them"
    assert before["conversation_references"] == 1, "a digest goes there"
    told = {one.kind: (one.deleted, one.total) for one in await retention(database).swept()}
    assert (told["transcripts"], told["answers"], told["pending"]) == ((5, 5), (2, 2), (0, 1))


async def test_what_a_digest_said_goes_before_the_record_of_it(database: Database) -> None:
    await fill(database, "ida")
    runs = database.tables.digests.runs
    await age(database, 8)
    await retention(database).run()
    async with database.read() as connection:
        assert (await connection.execute(select(runs.c.state, runs.c.content))).one() == ("delivered", None)


async def test_a_summary_stays_as_long_as_turns_are_told_from_it(database: Database) -> None:
    await Summaries(database).save("a:1", 1, {"text": "old"})
    await age(database, 400)
    await Transcripts(database).save("a:1", "t2", ())
    await retention(database).run()
    assert (await Summaries(database).load("a:1"))[0] == 1
    await age(database, 400)
    await retention(database).run()
    assert await Summaries(database).load("a:1") == (0, {})


async def test_a_place_where_nothing_is_kept_is_forgotten(database: Database) -> None:
    dead, used = reference("ida", "a:dead"), reference("ben", "19:x;messageid=1", Place.CHANNEL)
    for one in (dead, used):
        await References(database).save(one)
    await age(database, 400)
    await Answers(database).save(used.id, "m1", Kept(Incoming("t1", "?", used), "!", "claude", "x"))
    await retention(database).run()
    assert await References(database).load(dead.id) is None
    assert await References(database).load(used.id) is not None


async def test_one_process_an_hour_does_it_and_another_takes_over_from_a_dead_one(database: Database) -> None:
    await fill(database, "ida")
    await age(database, 2)
    many = [retention(database, f"r{number}") for number in range(8)]
    counts = await asyncio.gather(*(one.sweep() for one in many))
    assert sorted(counts)[:-1] == [0] * 7
    assert sum(counts) == 1
    assert await many[0].sweep() == 0, "not twice in an hour"
    table = database.tables.protection.sweeps
    died = {"last": 0.0, "owner": "dead", "until": DatabaseNow() + LEASE_SECONDS}
    async with database.write() as connection:
        await connection.execute(update(table).where(table.c.kind == "lease").values(died))
    await age(database, 8)
    assert await many[0].sweep() == 0, "somebody is at it"
    async with database.write() as connection:
        await connection.execute(update(table).where(table.c.kind == "lease").values(until=DatabaseNow() - 1))
    assert await many[0].sweep() > 0


async def test_many_rows_go_page_by_page(database: Database) -> None:
    transcripts = Transcripts(database)
    await asyncio.gather(*(transcripts.save("a:1", f"t{number}", ()) for number in range(2300)))
    await age(database, 400)
    await retention(database).run()
    assert (await rows(database))["transcripts"] == 0


async def test_who_left_is_erased_after_the_grace_and_who_came_back_is_not(database: Database) -> None:
    leavers = Leavers(database)
    for id in ("ida", "ben", "eva"):
        await fill(database, id)
        await leavers.left(id, "removed")
    await leavers.left("ida", "disabled")
    assert await leavers.why("ida") == "removed", "the first time counts"
    assert await leavers.sweep(30) == 0
    table = database.tables.protection.leavers
    async with database.write() as connection:
        await connection.execute(update(table).values(since=DatabaseNow() - 31 * DAY))
        answers = database.tables.answers
        eva = answers.c.person_id == "eva"
        await connection.execute(update(answers).where(~eva).values(created=DatabaseNow() - 40 * DAY))
    await leavers.back("ben")
    assert await leavers.sweep(0) == 0, "0 days: never"
    assert await leavers.sweep(30) == 1
    assert await Answers(database).of_person("ida") == []
    assert len(await Answers(database).of_person("ben")) == len(await Answers(database).of_person("eva")) == 2
    assert await References(database).personal("ida") is None
    assert [row.purpose for row in await Audit(database).search()].count("erasure") == 1


async def test_the_loop_goes_on_when_the_store_does_not_answer() -> None:
    calls: list[float] = []

    async def sweep() -> int:
        raise StoreUnavailable("gone")

    async def sleep(seconds: float) -> None:
        calls.append(seconds)
        if len(calls) == 3:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await sweep_for_ever(sweep, "it", every=5.0, sleep=sleep)
    assert calls == [5.0] * 3


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("letters:3", "the kinds are"),
        ("answers", "the kinds are"),
        ("answers:-1", "whole number"),
        ("answers:99999", "whole number"),
        ("heard:8", "7 days at most"),
        ("runs:0", "without end"),
    ],
)
def test_periods_that_cannot_be_are_refused_in_a_sentence(given: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        periods([given])


def test_what_is_not_named_keeps_its_default() -> None:
    assert periods(["answers:0", "heard:2"]) == {**DEFAULTS, "answers": 0, "heard": 2}
