"""Transcripts as a source: found by the meeting's name or by what was said, with Copilot's recap where there is one."""

import pytest

from graph.base import Hints, Query
from graph.errors import GraphError, NotFound
from graph.meetings import Meetings, wanted
from infra.local.world import Fault, World
from tests.graph.conftest import People

FOAM = Query(all_of=("foam", "inlay"))


def meetings(people: People, name: str = "Sofia") -> Meetings:
    return Meetings(people.of(name))


async def test_what_was_said_with_speakers_and_the_recap(people: People) -> None:
    (found,) = await meetings(people).search(FOAM, top=5)
    assert found.title == "Heron weekly (16 November 2026), transcript"
    assert found.kind == "transcript"
    assert found.complete
    assert "Agenda: Status, risks, decisions." in found.text
    assert "- Second offer for the foam inlay by 27 November (Elena Marchetti)" in found.text
    # Two cues of one speaker are one paragraph.
    said = "[00:00:12] Elena Marchetti: The foam inlay costs 3.10 EUR a piece at Polster Reuss. I find that too much. I ask"
    assert said in found.text
    assert await meetings(people).readers(found.id) is None


async def test_a_meeting_is_found_by_its_name(people: People) -> None:
    (found, *_) = await meetings(people).search(Query(any_of=("decided", "steering", "meeting")), top=5)
    assert found.title.startswith("Steering meeting Heron (29 October 2026)")
    assert "KS-22" in found.text


async def test_without_copilot_the_words_alone(tenant: World, people: People) -> None:
    people.granted = frozenset(Meetings.scopes)
    (found,) = await meetings(people).search(FOAM, top=5)
    assert "Recap" not in found.text
    assert "Polster Reuss" in found.text
    assert not [r for r in tenant.record if "aiInsights" in r.path]


async def test_who_was_not_asked_finds_nothing(people: People) -> None:
    (found,) = await meetings(people).search(FOAM, top=5)
    assert not await meetings(people, "Dana").search(FOAM, top=5)
    with pytest.raises(NotFound):
        await meetings(people, "Dana").read(found.id)
    whole = await meetings(people).read(found.id)
    assert whole.title == found.title
    assert "Polster Reuss" in whole.text
    for id in ("", "meetings:", "meetings:a", "meetings:a/b/c", "meetings:../..", "mail:a/b"):
        with pytest.raises(GraphError):
            await meetings(people).read(id)


async def test_a_transcript_that_fails_is_named(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", "*/content", status=500, times=9))
    with pytest.raises(GraphError):
        await meetings(people).search(FOAM, top=5)


def test_it_is_asked_only_where_a_question_speaks_of_a_meeting() -> None:
    assert wanted(Hints(words=frozenset({"what", "did", "we", "decide", "in", "the", "meeting"})))
    assert wanted(Hints(words=frozenset({"was", "wurde", "beschlossen"})))
    assert not wanted(Hints(words=frozenset({"how", "much", "is", "the", "budget"}), timed=True))


async def test_a_link_to_join_leads_to_what_was_said_last(people: People) -> None:
    (weekly,) = await meetings(people).search(FOAM, top=5)
    found = await meetings(people).behind(weekly.link)
    assert found.id == weekly.id
    assert found.link == weekly.link
    assert "The foam inlay costs 3.10 EUR" in found.text
    with pytest.raises(NotFound):
        await meetings(people).behind("https://teams.microsoft.com/l/meetup-join/19:nobody@thread.v2/0")
    with pytest.raises(NotFound):
        await meetings(people, "Katrin").behind(weekly.link)
