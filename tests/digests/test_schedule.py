"""Due times against an oracle that walks through a year in quarters of an hour and knows nothing of recurrence rules."""

import calendar
import functools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digests.schedule import BadSchedule, Schedule

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Cairo",
)
"""Both halves of the world, no change at all, half an hour of change, half an hour of offset, a change at midnight."""
START = datetime(2027, 12, 31, 0, 0)  # noqa: DTZ001 -- schedules start in local time
SPAN = (datetime(2028, 1, 1, tzinfo=UTC), datetime(2028, 12, 31, tzinfo=UTC))
"""A leap year."""
STEP = timedelta(minutes=15)

Day = Callable[[date], bool]


def _last(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nth(day: date, weekday: int, n: int) -> bool:
    if day.weekday() != weekday:
        return False
    return (day.day - 1) // 7 + 1 == n if n > 0 else day.day + 7 > _last(day)


def _workday(day: date, n: int) -> bool:
    work = [d for d in range(1, _last(day) + 1) if date(day.year, day.month, d).weekday() < 5]
    return day.day == work[n - 1 if n > 0 else n]


DAYS: dict[str, Day] = {
    "FREQ=DAILY": lambda _: True,
    "FREQ=DAILY;INTERVAL=3": lambda day: (day - START.date()).days % 3 == 0,
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": lambda day: day.weekday() < 5,
    "FREQ=WEEKLY;BYDAY=SA,SU": lambda day: day.weekday() > 4,
    "FREQ=WEEKLY;BYDAY=TU,TH": lambda day: day.weekday() in {1, 3},
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR": lambda day: (
        day.weekday() == 4 and ((day - timedelta(days=day.weekday())) - date(2027, 12, 27)).days % 14 == 0
    ),
    "FREQ=MONTHLY;BYDAY=1MO": lambda day: _nth(day, 0, 1),
    "FREQ=MONTHLY;BYDAY=-1FR": lambda day: _nth(day, 4, -1),
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1": lambda day: _workday(day, 1),
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1": lambda day: _workday(day, -1),
    "FREQ=MONTHLY;BYMONTHDAY=15": lambda day: day.day == 15,
    "FREQ=MONTHLY;BYMONTHDAY=-1": lambda day: day.day == _last(day),
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29": lambda day: (day.month, day.day) == (2, 29),
}
CLOCKS = ((2, 30), (0, 0), (8, 30))
"""One that changes happen to, midnight, and an ordinary one."""
CASES = [(rule, clock) for rule in DAYS for clock in CLOCKS] + [("FREQ=DAILY", (3, 15))]


@functools.cache
def _shown(zone: str) -> dict[datetime, datetime]:
    """When each local quarter of an hour is first shown; those a jump leaves out are shown that much after it."""
    tz, at = ZoneInfo(zone), SPAN[0] - timedelta(days=2)
    found: dict[datetime, datetime] = {}
    before: datetime | None = None
    while at < SPAN[1] + timedelta(days=2):
        now = at.astimezone(tz).replace(tzinfo=None)
        jumped = before
        while before is not None and jumped is not None and before + STEP < now:
            before += STEP
            found[before] = at + (before - jumped - STEP)
        found.setdefault(now, at)
        at, before = at + STEP, max(now, before or now)
    return found


def _expected(zone: str, is_day: Day, clock: tuple[int, int]) -> list[datetime]:
    days = (SPAN[0].date() + timedelta(days=n) for n in range(-1, 368))
    wanted = (datetime(day.year, day.month, day.day, *clock) for day in days if is_day(day))  # noqa: DTZ001 -- local
    due = (_shown(zone)[local] for local in wanted if local in _shown(zone))
    return [moment for moment in due if SPAN[0] < moment <= SPAN[1]]


@pytest.mark.parametrize("zone", ZONES)
def test_a_leap_year_of_forty_schedules(zone: str) -> None:
    assert len(CASES) == 40
    for rule, clock in CASES:
        schedule = Schedule(rule, START.replace(hour=clock[0], minute=clock[1]), zone)
        slots = [slot for slot in schedule.slots(SPAN[0], 400) if slot.at <= SPAN[1]]
        assert [slot.at for slot in slots] == _expected(zone, DAYS[rule], clock), (rule, clock)
        assert len({slot.id for slot in slots}) == len(slots)


@pytest.mark.parametrize("zone", ZONES)
def test_asking_again_and_again_skips_nothing_and_repeats_nothing(zone: str) -> None:
    schedule = Schedule("FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,30", START.replace(hour=1), zone)
    all_at_once = [slot.id for slot in schedule.slots(SPAN[0], 6 * 366)]
    at, one_by_one = SPAN[0], list[str]()
    for _ in range(len(all_at_once)):
        (slot,) = schedule.slots(at, 1)
        at = slot.at
        one_by_one.append(slot.id)
    assert one_by_one == all_at_once


def test_a_time_that_comes_twice_is_due_once_and_one_that_never_comes_is_due_after_the_jump() -> None:
    schedule = Schedule("FREQ=DAILY", datetime(2026, 3, 1, 2, 30), "Europe/Berlin")  # noqa: DTZ001 -- local
    spring = [slot.at for slot in schedule.slots(datetime(2026, 3, 28, 12, tzinfo=UTC), 2)]
    assert spring == [datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 3, 30, 0, 30, tzinfo=UTC)]
    autumn = [slot.at for slot in schedule.slots(datetime(2026, 10, 24, 12, tzinfo=UTC), 2)]
    assert autumn == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]


def test_after_an_outage_only_the_newest_is_owed() -> None:
    schedule = Schedule("FREQ=DAILY", datetime(2026, 11, 1, 8, 0), "Europe/Berlin")  # noqa: DTZ001 -- local
    since, until = datetime(2026, 11, 10, 12, tzinfo=UTC), datetime(2026, 11, 13, 12, tzinfo=UTC)
    owed = schedule.latest(until, since)
    assert owed is not None
    assert owed.id == "2026-11-13T08:00"
    assert schedule.latest(until, until) is None


def test_once_is_once_and_a_count_ends() -> None:
    once = Schedule("", datetime(2026, 11, 24, 17, 0), "Europe/Berlin")  # noqa: DTZ001 -- local
    assert [slot.id for slot in once.slots(datetime(2026, 11, 23, tzinfo=UTC), 3)] == ["2026-11-24T17:00"]
    assert once.slots(datetime(2026, 11, 24, 16, tzinfo=UTC), 3) == []
    assert once.shortest(SPAN[0]) is None
    three = Schedule("FREQ=DAILY;COUNT=3", datetime(2026, 11, 24, 17, 0), "UTC")  # noqa: DTZ001 -- local
    assert len(three.slots(datetime(2026, 11, 1, tzinfo=UTC), 9)) == 3


def test_who_moves_keeps_the_time_of_day() -> None:
    schedule = Schedule("FREQ=DAILY", datetime(2026, 11, 1, 8, 0), "Europe/Berlin").moved("Asia/Tokyo")  # noqa: DTZ001 -- local
    (slot,) = schedule.slots(datetime(2026, 11, 23, tzinfo=UTC), 1)
    assert slot.at == datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert slot.id == "2026-11-24T08:00"


@pytest.mark.parametrize(
    ("rule", "zone"),
    [
        ("FREQ=SECONDLY", "UTC"), ("FREQ=HOURLY", "UTC"), ("BYDAY=MO", "UTC"), ("FREQ=DAILY;BYSECOND=1", "UTC"),
        ("FREQ=DAILY\nDTSTART:20260101T000000", "UTC"), ("FREQ=DAILY;BYDAY=XX", "UTC"), ("x" * 500, "UTC"),
        ("FREQ=DAILY", "Europe/Nowhere"), ("FREQ=DAILY", "../etc/passwd"), ("FREQ=DAILY", ""), ("FREQ=DAILY;UNTIL=never", "UTC"),
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(rule: str, zone: str) -> None:
    with pytest.raises(BadSchedule):
        Schedule(rule, START, zone)


@given(
    st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda inner: st.dictionaries(st.sampled_from(["rule", "start", "zone"]), inner),
    )
)
def test_stored_rubbish_is_refused(value: object) -> None:
    with pytest.raises(BadSchedule):
        Schedule.from_json(value)  # type: ignore[arg-type]  # hostile on purpose


@pytest.mark.parametrize("rule", ["", *DAYS])
def test_it_survives_being_stored(rule: str) -> None:
    schedule = Schedule(rule, START, "Europe/Berlin")
    assert Schedule.from_json(schedule.to_json()) == schedule
