"""A year of clocks in a second: each slot of each schedule exactly once, none early, none left out, whatever happens in between."""

import contextlib
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select

from bot.context import Person, Place, Reference
from bot.digests.due import first_due, plan
from bot.digests.notices import Notices
from bot.digests.schedule import Schedule
from bot.digests.ticking import Ticker
from bot.store.database import Database
from bot.store.references import References
from bot.store.run import LATE_SECONDS, Record, Run
from bot.store.runs import Runs
from bot.store.subscriptions import Subscription, Subscriptions

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
START = datetime(2027, 12, 20, tzinfo=UTC)
"""So that the year holds 29 February 2028."""
MINUTE = 60.0


def rules() -> Iterator[tuple[str, str]]:
    """40 of them: (rule, local time of day), among them times that the clock jumps over or has twice."""
    for hour in ("08:00", "02:30", "01:45", "00:00", "23:59"):
        yield "FREQ=DAILY", hour
        yield "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", hour
    for day in DAYS:
        yield f"FREQ=WEEKLY;BYDAY={day}", "02:30"
        yield f"FREQ=MONTHLY;BYDAY=1{day}", "08:30"
    yield from (("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "16:00"), ("FREQ=DAILY;INTERVAL=3", "03:00"))
    yield from (("FREQ=MONTHLY;BYMONTHDAY=29", "02:15"), ("FREQ=MONTHLY;BYMONTHDAY=-1", "17:00"))
    yield from (
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "15:00"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "09:00"),
    )
    yield from (("FREQ=DAILY;BYHOUR=8,13,18;BYMINUTE=0", "08:00"), ("FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=30", "01:30"))
    yield from (("FREQ=MONTHLY;BYMONTHDAY=31", "10:00"), ("FREQ=MONTHLY;BYMONTHDAY=15,30", "12:00"))
    yield from (("FREQ=WEEKLY;BYDAY=SU", "02:00"), ("FREQ=WEEKLY;BYDAY=SU", "03:00"), ("FREQ=WEEKLY;BYDAY=SA", "23:30"))
    yield from (("FREQ=DAILY;COUNT=40", "06:00"), ("", "05:00"), ("FREQ=MONTHLY", "07:00"))


def subscriptions(zones: tuple[str, ...], every: int = 1) -> list[Subscription]:
    found: list[Subscription] = []
    for zone in zones:
        for rule, time in list(rules())[::every]:
            start = datetime.fromisoformat(f"2027-12-20T{time}")
            schedule = Schedule(rule, start, zone)
            due = first_due(schedule, START.timestamp())
            found.append(
                Subscription("o", "t", "c", "morning", schedule.to_json(), next_due=due, id=f"s{len(found)}", name=zone)
            )
    return found


def expected(subscription: Subscription, days: int) -> dict[str, float]:
    """Every slot of the time, by its id: what the schedule itself says, in one go."""
    slots = Schedule.from_json(subscription.schedule).slots(START, 366 * 4)
    end = START + timedelta(days=days)
    return {slot.id: slot.at.timestamp() for slot in slots if slot.at <= end}


def test_there_are_forty_schedules() -> None:
    assert len(list(rules())) == 40


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_ticks_plans_each_slot_once_and_none_early(zone: str) -> None:
    for subscription in subscriptions((zone,), every=19):
        _tick_through(subscription, 366)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_ticks_with_every_schedule(zone: str) -> None:
    for subscription in subscriptions((zone,)):
        _tick_through(subscription, 366)


def _tick_through(subscription: Subscription, days: int) -> None:
    """A tick each minute; minutes in which nothing is due are not looked at, since `plan` is not asked then."""
    wanted, seen = expected(subscription, days), dict[str, float]()
    end = START.timestamp() + days * 86400
    while subscription.next_due is not None and subscription.next_due <= end:
        now = -(-subscription.next_due // MINUTE) * MINUTE
        planned = plan(subscription, now)
        assert planned.next_due is None or planned.next_due > now
        for run in planned.runs:
            assert run.state == "due"
            assert run.slot not in seen, "twice"
            assert run.due <= now, "early"
            assert now - run.due < LATE_SECONDS
            assert not run.late
            seen[run.slot] = run.due
        subscription = _moved(subscription, planned.next_due)
    assert seen == wanted


def _moved(subscription: Subscription, next_due: float | None) -> Subscription:
    return Subscription(
        subscription.owner, subscription.tenant, subscription.conversation_id, subscription.kind, subscription.schedule,
        next_due=next_due, id=subscription.id, name=subscription.name,
    )  # fmt: skip


def test_an_outage_of_any_length_leaves_every_slot_in_one_state_and_one_of_them_made_up_for() -> None:
    dice = random.Random(5)
    for subscription in subscriptions(ZONES[:1], every=7):
        wanted, seen = expected(subscription, 60), dict[str, Run]()
        now = START.timestamp()
        while subscription.next_due is not None and now < START.timestamp() + 60 * 86400:
            now += dice.choice((60.0, 3600.0, 86400.0, 5.5 * 86400.0))
            if subscription.next_due > now:
                continue
            planned = plan(subscription, now)
            assert [run.state for run in planned.runs] == ["skipped"] * (len(planned.runs) - 1) + ["due"]
            assert planned.runs[-1].late is (len(planned.runs) > 1 or now - planned.runs[-1].due > LATE_SECONDS)
            assert not seen.keys() & {run.slot for run in planned.runs}
            seen |= {run.slot: run for run in planned.runs}
            subscription = _moved(subscription, planned.next_due)
        assert seen.keys() <= expected(subscription, 70).keys()
        assert {slot for slot, at in wanted.items() if at <= now} <= seen.keys()


async def test_two_weeks_with_the_real_store_two_ticking_processes_and_crashes(tmp_path: Path) -> None:
    await _live_through(tmp_path, subscriptions(("Australia/Lord_Howe",), every=11), 15)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("zone", ZONES)
async def test_a_year_with_the_real_store_two_ticking_processes_and_crashes(tmp_path: Path, zone: str) -> None:
    """365 days, 6 zones, 40 schedules."""
    await _live_through(tmp_path, subscriptions((zone,)), 365)


class Died(Exception):
    pass


async def _live_through(folder: Path, asked: list[Subscription], days: int) -> None:
    """Every slot becomes one delivered run, at a time that is not before it; one tick in twenty dies half-way."""
    database = await Database.open(f"sqlite:///{(folder / 'p.db').as_posix()}", [Fernet.generate_key().decode()])
    clock, dice, delivered = [START.timestamp()], random.Random(3), Counter[tuple[str, str]]()
    store, runs, references = Subscriptions(database), Runs(database), References(database)
    await references.save(Reference("c", Place.PERSONAL, "t", "https://x.example/", "28:b", Person("o", "O", "t")))

    async def enqueue(taken: object) -> None:
        assert isinstance(taken, list)
        for run in taken:
            begun = await runs.begin(run.subscription_id, run.slot, clock[0])
            if begun is None:
                continue
            assert begun.due <= clock[0], "early"
            await runs.ready(begun, {}, Record({"mail": 1}), None)
            if await runs.delivered(begun, {}, clock[0]):
                delivered[run.subscription_id, run.slot] += 1
        if dice.random() < 0.05:
            raise Died

    async def admit(*_: object) -> None:
        raise AssertionError("there is nothing to tell")

    async def personal(_: Reference) -> Reference | None:
        return None

    notices = Notices(store, references, personal, admit)
    tickers = [Ticker(store, runs, notices, enqueue, lambda: clock[0]) for _ in range(2)]
    for one in asked:
        await store.save(one)
    end = START.timestamp() + days * 86400
    for number in count():
        async with database.read() as connection:
            soonest = (
                await connection.execute(select(func.min(database.tables.digests.subscriptions.c.next_due)))
            ).scalar()
        if soonest is None or soonest > end:
            break
        clock[0] = max(clock[0], -(-soonest // MINUTE) * MINUTE)
        with contextlib.suppress(Died):
            await tickers[number % 2].tick()
    await database.aclose()
    wanted = {(one.id, slot) for one in asked for slot in expected(one, days)}
    assert set(delivered) == wanted
    assert set(delivered.values()) == {1}
