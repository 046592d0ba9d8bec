"""Planner as a source: what the asker's groups have to do, for the members of the group."""

import pytest

from graph.base import Query
from graph.errors import GraphError
from graph.planner import Planner
from infra.local.world import World
from tests.graph.conftest import People


def planner(people: People, name: str = "Jonas") -> Planner:
    return Planner(people.of(name))


async def test_a_task_with_who_does_it_and_until_when(people: People) -> None:
    (found,) = await planner(people).search(Query(all_of=("calibration",)), top=5)
    assert found.title == "Collect the calibration certificates"
    assert found.place == "Planner: Kassel Operations plan / Audit"
    assert found.text.splitlines() == [
        "Collect the calibration certificates",
        "Status: begun",
        "Assigned to: Oskar Brandt",
        "Due: Friday, 27 November 2026",
        "",
        "PM-044 is still at the laboratory.",
    ]
    assert found.complete


async def test_the_groups_members_may_read_it(tenant: World, people: People) -> None:
    source = planner(people)
    (found,) = await source.search(Query(all_of=("calibration",)), top=5)
    group = next(group for group in tenant.company.groups if group.name == "Kassel Operations")
    assert await source.readers(found.id) == frozenset(group.members)
    people.granted = frozenset({"Tasks.Read", "User.ReadBasic.All"})
    assert await source.readers(found.id) is None


async def test_by_person_place_and_what_is_open(people: People) -> None:
    source = planner(people, "Sofia")
    oskar = await source.search(Query(any_of=("tasks",), people=("Oskar",)), top=9)
    assert [task.title for task in oskar] == ["Ship the pumps to Marlenbach"]
    every = await source.search(Query(any_of=("open", "tasks"), place="Heron plan"), top=9)
    assert "Housing drawing closed" not in [task.title for task in every]
    assert every[0].title == "Release candidate 1.0"


async def test_other_peoples_plans_stay_closed(people: People) -> None:
    (found,) = await planner(people).search(Query(all_of=("calibration",)), top=5)
    assert not await planner(people, "Dana").search(Query(all_of=("calibration",)), top=5)
    with pytest.raises(GraphError):
        await planner(people, "Dana").read(found.id)
    assert (await planner(people).read(found.id)).title == found.title
    for id in ("", "planner:", "planner:a/b", "planner:..", "planner:none", "tasks:a"):
        with pytest.raises(GraphError):
            await planner(people).read(id)
