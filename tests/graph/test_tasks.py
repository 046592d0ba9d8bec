"""To Do as a source: what is open, what is due, and only one's own."""

from datetime import UTC, datetime

import pytest

from graph.base import Query
from graph.errors import GraphError
from graph.tasks import Tasks
from infra.local.world import Fault, World
from tests.graph.conftest import People


def tasks(people: People, name: str = "Sofia") -> Tasks:
    return Tasks(people.of(name))


async def test_open_tasks_come_the_most_urgent_first(tenant: World, people: People) -> None:
    source = tasks(people)
    found = await source.search(Query(any_of=("open", "tasks")), top=9)
    assert [task.title for task in found] == [
        "Send Declan the telemetry note",
        "Book the room for the steering meeting",
        "Renew passport",
    ]
    assert found[0].text.splitlines()[:3] == [
        "Send Declan the telemetry note",
        "Status: not begun",
        "Due: Tuesday, 24 November 2026",
    ]
    assert (found[2].kind, found[2].place) == ("task", "To Do: Errands")
    await source.search(Query(any_of=("passport",)), top=9)
    assert len(tenant.record) == 2


async def test_words_find_done_ones_too_and_days_narrow(people: People) -> None:
    (found,) = await tasks(people).search(Query(all_of=("checklist", "install")), top=9)
    assert "Status: done" in found.text
    due = Query(any_of=("due",), after=datetime(2026, 11, 23, tzinfo=UTC), before=datetime(2026, 11, 30, tzinfo=UTC))
    assert [task.title for task in await tasks(people).search(due, top=9)] == ["Send Declan the telemetry note"]
    errands = await tasks(people).search(Query(any_of=("open",), place="my Errands list"), top=9)
    assert [task.title for task in errands] == ["Renew passport"]


async def test_tasks_are_their_owners(people: People) -> None:
    (found,) = await tasks(people).search(Query(any_of=("passport",)), top=9)
    assert (await tasks(people).read(found.id)).text == found.text
    assert await tasks(people).readers(found.id) is None
    with pytest.raises(GraphError):
        await tasks(people, "Jonas").read(found.id)
    assert not await tasks(people, "Jonas").search(Query(any_of=("passport",)), top=9)
    for id in ("", "tasks:", "tasks:a", "tasks:a/b/c", "tasks:../..", "mail:a/b"):
        with pytest.raises(GraphError):
            await tasks(people).read(id)


async def test_a_list_that_fails_is_named(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", "GET /v1.0/me/todo/lists/*/tasks", status=500, times=9))
    with pytest.raises(GraphError):
        await tasks(people).search(Query(any_of=("open",)), top=9)
