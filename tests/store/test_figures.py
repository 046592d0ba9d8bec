"""Sums over the audit: the same on both databases, exact by day, model, place and person, and by the index when there is much."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import insert, text

from bot.store.audit import Audit, Row, Wanted, values
from bot.store.database import Database
from bot.store.figures import DAY, Asked, Delay, Failover, Figures
from bot.store.overview import Overview
from tests.store.test_spending import ROW

FAILED = ("overloaded", "circuit_open")
FIRST = 20_000
"""A day, since 1970."""
MIDNIGHT = FIRST * DAY


def rows() -> Iterator[Row]:
    yield replace(ROW, at=MIDNIGHT)
    yield replace(ROW, at=MIDNIGHT + 0.5, question_id="q2", outcome="overloaded", cost=0, first_ms=None)
    yield replace(ROW, at=MIDNIGHT + 1, question_id="q2", name="gpt", first_ms=1234, outcome="called_tools")
    yield replace(ROW, at=MIDNIGHT + 2, question_id="q2", name="gpt", first_ms=12_345)
    yield replace(ROW, at=MIDNIGHT + DAY - 0.001, person_id="ben", place="channel", cost=None)
    yield replace(ROW, at=MIDNIGHT + DAY, person_id="ben", question_id="q9", purpose="digest")
    yield replace(ROW, at=MIDNIGHT + 2 * DAY, person_id="kim", question_id="q10")
    # That somebody was erased is a record, and no call.
    yield replace(ROW, at=MIDNIGHT + 3, person_id="erased", name="", purpose="erasure", cost=None)


async def fill(database: Database, some: list[Row]) -> None:
    async with database.write() as connection:
        await connection.execute(insert(database.tables.audit), [values(one) for one in some])


@pytest.fixture
async def figures(database: Database) -> Figures:
    await fill(database, list(rows()))
    return Figures(database)


async def test_days_begin_at_midnight_and_end_before_the_next(figures: Figures) -> None:
    days = {one.day for one in await figures.calls(MIDNIGHT, MIDNIGHT + 2 * DAY)}
    assert days == {FIRST, FIRST + 1}
    assert sum(one.calls for one in await figures.calls(MIDNIGHT, MIDNIGHT + DAY)) == 5


async def test_calls_are_summed_by_all_they_have_in_common(figures: Figures) -> None:
    found = {(one.name, one.place, one.outcome): one for one in await figures.calls(MIDNIGHT, MIDNIGHT + DAY)}
    whole = found["claude", "personal", "answered"]
    assert (whole.calls, whole.input, whole.cache_read, whole.output, whole.cost, whole.unpriced) == (
        1,
        100,
        40,
        20,
        300,
        0,
    )
    assert found["claude", "channel", "answered"].unpriced == 1
    assert found["claude", "channel", "answered"].last == MIDNIGHT + DAY - 0.001


async def test_questions_people_and_places_are_counted_once(figures: Figures) -> None:
    asked = await figures.asked(MIDNIGHT, MIDNIGHT + 3 * DAY)
    assert Asked(FIRST, "personal", 2, 1) in asked
    assert Asked(FIRST, "channel", 1, 1) in asked
    assert {one.day for one in asked} == {FIRST, FIRST + 2}, "a digest is no question"
    assert await figures.active(MIDNIGHT, MIDNIGHT + 3 * DAY) == {FIRST: 2, FIRST + 2: 1}
    assert await figures.people(MIDNIGHT, MIDNIGHT + 3 * DAY) == 3


async def test_delays_are_told_apart_finely_where_it_matters(figures: Figures) -> None:
    found = await figures.delays(MIDNIGHT, MIDNIGHT + DAY)
    assert sorted(found, key=lambda one: one.first_ms) == [
        Delay(FIRST, "claude", 10, 2), Delay(FIRST, "gpt", 1200, 1), Delay(FIRST, "gpt", 12_000, 1),
    ]  # fmt: skip


async def test_who_costs_most_comes_first(figures: Figures) -> None:
    found = await figures.spenders(MIDNIGHT, MIDNIGHT + 3 * DAY)
    assert [(one.person_id, one.questions, one.calls, one.cost) for one in found] == [
        ("ida", 2, 4, 900), ("ben", 2, 2, 300), ("kim", 1, 1, 300),
    ]  # fmt: skip


async def test_a_failover_is_one_however_many_calls_the_other_model_made(figures: Figures, database: Database) -> None:
    assert await figures.failovers(MIDNIGHT, MIDNIGHT + DAY, FAILED) == [
        Failover(FIRST, "claude", "gpt", "overloaded", 1)
    ]
    assert await figures.failovers(MIDNIGHT, MIDNIGHT + DAY, ("timed_out",)) == []
    erased = replace(ROW, at=MIDNIGHT + 9, question_id="")
    await fill(database, [replace(erased, outcome="overloaded"), replace(erased, name="gpt")])
    assert len(await figures.failovers(MIDNIGHT, MIDNIGHT + DAY, FAILED)) == 1, "what was erased belongs to no question"


async def test_the_newest_come_first_page_by_page(figures: Figures, database: Database) -> None:
    del figures  # which filled the table
    audit = Audit(database)
    first = await audit.newest(Wanted(person_id="ida"), most=3)
    assert [row.at - MIDNIGHT for row in first] == [2, 1, 0.5]
    assert [row.at - MIDNIGHT for row in await audit.newest(Wanted(person_id="ida"), before=first[-1].id)] == [0]


async def test_everything_kept_is_counted_and_nothing_shown(database: Database) -> None:
    await fill(database, list(rows()))
    kept = await Overview(database).kept()
    assert kept["audit"] == (8, 3)
    assert kept["transcripts"] == (0, 0)
    assert await Overview(database).signed_in() == 0
    assert await Overview(database).places() == {}
    assert await Overview(database).messages(0.0) == {}


MANY, DAYS = 100_000, 365


@pytest.mark.slow
async def test_a_hundred_thousand_rows_are_read_by_the_index(database: Database) -> None:
    some = [
        replace(
            ROW, at=MIDNIGHT + number * DAYS * DAY / MANY, person_id=f"p{number % 900}", conversation_id=f"a:{number // 2 % 1500}",
            question_id=f"q{number // 2}", name=("claude", "gpt")[number % 2], first_ms=number % 20_000,
            outcome="overloaded" if number % 50 == 0 else "answered",
        )
        for number in range(MANY)
    ]  # fmt: skip
    for start in range(0, MANY, 10_000):
        await fill(database, some[start : start + 10_000])
    async with database.write() as connection:
        await connection.execute(text("ANALYZE"))
    figures, since = Figures(database), MIDNIGHT + 300.0 * DAY
    until = since + 30 * DAY
    seconds: dict[str, float] = {}
    for name, work in {
        "calls": figures.calls(since, until), "asked": figures.asked(since, until), "active": figures.active(since, until),
        "delays": figures.delays(since, until), "spenders": figures.spenders(since, until),
        "failovers": figures.failovers(since, until, FAILED), "newest": Audit(database).newest(Wanted(outcome="overloaded"), most=51),
    }.items():  # fmt: skip
        began = time.perf_counter()
        assert await work
        seconds[name] = time.perf_counter() - began
    print(database.dialect, {name: f"{1000 * took:.0f} ms" for name, took in seconds.items()})
    async with database.read() as connection:
        about = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
        statement = f"SELECT count(*), sum(cost) FROM audit WHERE at >= {since} AND at < {until} GROUP BY name"
        plan = " ".join(str(row) for row in (await connection.execute(text(about + statement))).all())
    assert "audit_at" in plan
    assert sum(one.calls for one in await figures.calls(since, until)) == pytest.approx(MANY * 30 / DAYS, abs=1)
