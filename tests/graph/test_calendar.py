"""The calendar as a source: by words, people and days, on the asker's own clock, and nobody else's."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from graph.base import Hints, Query
from graph.calendar import SOURCE, Calendar, wanted
from graph.errors import GraphError, NotFound, Unavailable
from infra.local.world import Fault, World
from tests.graph.conftest import People


def calendar(people: People, name: str = "Sofia", timezone: str = "Europe/Lisbon") -> Calendar:
    return Calendar(people.of(name, timezone=timezone))


async def test_an_event_is_found_by_its_words_and_told_on_the_askers_clock(people: People) -> None:
    (event, *_) = await calendar(people).search(Query(all_of=("budget", "talk")), top=5)
    assert event.title == "Budget talk Heron, final"
    assert event.kind == "event"
    assert event.author == "Ben Carter"
    assert event.place == "Room Frome"
    assert event.link.startswith("https://")
    assert "When: Tuesday, 24 November 2026, 10:30 to 11:00 (Europe/Lisbon)" in event.text
    assert "Invited: Sofia Almeida" in event.text
    assert "Optional: Tomas Lindgren" in event.text
    assert "Online meeting: https://teams.microsoft.com/" in event.text
    (there, *_) = await calendar(people, timezone="Asia/Tokyo").search(Query(all_of=("budget", "talk")), top=5)
    assert "Tuesday, 24 November 2026, 19:30 to 20:00 (Asia/Tokyo)" in there.text


async def test_a_span_of_days_lists_what_lies_in_it(tenant: World, people: People) -> None:
    week = Query(
        any_of=("meetings", "week"), after=datetime(2026, 11, 23, tzinfo=UTC), before=datetime(2026, 11, 28, tzinfo=UTC)
    )
    found = await calendar(people).search(week, top=25)
    assert {"Dentist", "Heron weekly", "Lunch with Priya", "Working from Porto"} <= {event.title for event in found}
    assert all(
        datetime(2026, 11, 22, tzinfo=UTC) < event.modified < datetime(2026, 11, 28, tzinfo=UTC) for event in found
    )
    assert [r.path for r in tenant.record] == ["/v1.0/me/calendarView"]
    porto = next(event for event in found if event.title == "Working from Porto")
    assert "Friday, 27 November 2026 (all day)" in porto.text
    with_priya = await calendar(people).search(replace(week, people=("Priya",)), top=25)
    assert "Dentist" not in {event.title for event in with_priya}
    assert "Lunch with Priya" in {event.title for event in with_priya}


async def test_of_a_series_the_next_and_the_last_day_are_enough(people: People) -> None:
    found = await calendar(people).search(Query(all_of=("Heron", "weekly")), top=25)
    assert [f"{event.modified:%Y-%m-%d}" for event in found] == ["2026-11-23", "2026-11-16"]


async def test_cancelled_meetings_say_so(people: People) -> None:
    found = await calendar(people, "Jonas").search(Query(any_of=("Audit",)), top=10)
    assert sum("This meeting was cancelled." in event.text for event in found) == 1


async def test_a_whole_event_and_made_up_ids(people: People) -> None:
    source = calendar(people)
    (event, *_) = await source.search(Query(all_of=("budget", "talk")), top=1)
    whole = await source.read(event.id)
    assert whole.complete
    assert whole.text.endswith("Close the October figures.")
    assert await source.readers(event.id) is None
    with pytest.raises(NotFound):
        await calendar(people, "Hiro").read(event.id)
    for id in ("", "calendar:", "calendar:a/b", "mail:x", "calendar:..", "calendar:%2e%2e"):
        with pytest.raises(GraphError):
            await source.read(id)


@pytest.mark.parametrize("status", [403, 404])
async def test_where_microsofts_search_is_not_allowed_the_days_around_today_are_searched(
    tenant: World, people: People, status: int
) -> None:
    tenant.faults.append(Fault("graph", "POST /v1.0/search/query", status=status))
    assert await calendar(people).search(Query(all_of=("budget", "talk")), top=5)


async def test_a_failed_search_is_not_hidden(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", "POST /v1.0/search/query", status=500, times=9))
    with pytest.raises(Unavailable):
        await calendar(people).search(Query(all_of=("budget", "talk")), top=5)


def test_it_is_asked_only_where_a_question_can_be_about_it() -> None:
    assert wanted(Hints(words=frozenset({"when", "is", "the", "steering", "meeting"})))
    assert wanted(Hints(words=frozenset({"wann", "ist", "die", "projektbesprechung"}))) is True
    assert wanted(Hints(timed=True))
    assert not wanted(Hints(words=frozenset({"what", "does", "error", "e42", "mean"})))
    assert SOURCE.optional
