"""Times in words become spans of days in the person's own zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grounding.dates import window

FRIDAY = datetime(2026, 11, 20, 9, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("yesterday", "2026-11-19", "2026-11-19"),
        ("vorgestern", "2026-11-18", "2026-11-18"),
        ("last week", "2026-11-09", "2026-11-15"),
        ("diese Woche", "2026-11-16", "2026-11-22"),
        ("nächsten Monat", "2026-12-01", "2026-12-31"),
        ("in the last three days", "2026-11-17", "2026-11-20"),
        ("in den letzten 2 Wochen", "2026-11-06", "2026-11-20"),
        ("3 days ago", "2026-11-17", "2026-11-17"),
        ("vor zwei Wochen", "2026-11-02", "2026-11-08"),
        ("since Monday", "2026-11-16", ""),
        ("seit letzter Woche", "2026-11-09", ""),
        ("on Monday", "2026-11-16", "2026-11-16"),
        ("next Friday", "2026-11-27", "2026-11-27"),
        ("in October", "2026-10-01", "2026-10-31"),
        ("im Dezember", "2025-12-01", "2025-12-31"),
        ("before October", "", "2026-09-30"),
        ("bis 15. November", "", "2026-11-15"),
        ("Anfang November", "2026-11-01", "2026-11-10"),
        ("at the end of October", "2026-10-20", "2026-10-31"),
        ("since 1 November", "2026-11-01", ""),
        ("am 6. November 2025", "2025-11-06", "2025-11-06"),
        ("November 6, 2025", "2025-11-06", "2025-11-06"),
        ("06.11.2026", "2026-11-06", "2026-11-06"),
        ("2026-11-06", "2026-11-06", "2026-11-06"),
        ("in Q3", "2026-07-01", "2026-09-30"),
        ("letztes Jahr", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_span_is_understood(text: str, first: str, last: str) -> None:
    found = window(f"What happened {text}?", FRIDAY)
    assert found is not None
    assert (f"{found.after:%Y-%m-%d}" if found.after else "") == first
    assert (f"{found.before:%Y-%m-%d}" if found.before else "") == last


@pytest.mark.parametrize("text", ["may I ask", "we march on", "day by day", "31.02.2026", "the year", ""])
def test_other_words_are_no_time(text: str) -> None:
    assert window(text, FRIDAY) is None


def test_yesterday_is_the_persons_own() -> None:
    late = datetime(2026, 11, 20, 23, tzinfo=UTC)
    tokyo, berlin = (window("yesterday", late.astimezone(ZoneInfo(z))) for z in ("Asia/Tokyo", "Europe/Berlin"))
    assert tokyo is not None
    assert berlin is not None
    assert tokyo.holds(datetime(2026, 11, 19, 15, 30, tzinfo=UTC))
    assert not tokyo.holds(datetime(2026, 11, 19, 14, 30, tzinfo=UTC))
    assert tokyo.holds(datetime(2026, 11, 20, 14, 59, tzinfo=UTC))
    assert not tokyo.holds(late)
    assert berlin.holds(datetime(2026, 11, 19, 23, 30, tzinfo=UTC))
    assert not berlin.holds(datetime(2026, 11, 18, 23, 30, tzinfo=UTC))


WORDS = st.sampled_from(
    [
        "last",
        "next",
        "this",
        "since",
        "before",
        "vor",
        "seit",
        "3",
        "30",
        "2026",
        "31.",
        "2.",
        "ago",
        "days",
        "Tagen",
        "week",
        "Woche",
        "Monday",
        "Montag",
        "February",
        "Mai",
        "Q4",
        "end",
        "of",
        "2026-02-29",
        "31.12.",
        "1.1.99",
        "999",
        "years",
        "Jahren",
        "yesterday",
        "the",
    ]
)


@given(
    st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=8).map(" ".join)),
    st.datetimes(timezones=st.just(UTC)),
)
def test_any_text_at_any_time_gives_a_span_in_order_or_none(text: str, now: datetime) -> None:
    found = window(text, now)
    if found is not None:
        assert found.after or found.before
        assert found.said.casefold().split()[-1] in text.casefold()
        if found.after and found.before:
            assert timedelta() < found.before - found.after < timedelta(days=4_000_000)
