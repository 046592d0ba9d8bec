"""The organisation as a source: names, titles, managers, reports."""

import pytest

from graph.base import Hints, Query
from graph.errors import GraphError
from graph.people import People as Directory
from graph.people import wanted
from infra.local.world import Fault, World
from tests.graph.conftest import People


def directory(people: People, name: str = "Sofia") -> Directory:
    return Directory(people.of(name))


async def test_somebody_by_name_with_manager_and_reports(people: People) -> None:
    (found,) = await directory(people).search(Query(people=("Jonas Weber",)), top=5)
    assert found.kind == "person"
    assert found.complete
    assert found.text.splitlines() == [
        "Jonas Weber",
        "Job title: Plant Manager Kassel",
        "Department: Operations",
        "Mail: jonas.weber@tidewell.example",
        "Manager: Maren Okafor (Chief Executive Officer)",
        "Direct reports: Elena Marchetti (Procurement Lead), Oskar Brandt (Quality Engineer)",
    ]


@pytest.mark.parametrize("words", [("my manager",), ("manager", "my"), ("Chef",), ("meinem", "Vorgesetzten")])
async def test_the_askers_manager(people: People, words: tuple[str, ...]) -> None:
    (found, *_) = await directory(people).search(Query(any_of=words), top=5)
    assert found.title == "Priya Raman"


async def test_the_names_of_those_around_the_asker(people: People) -> None:
    assert await directory(people).related("manager") == ["Priya Raman"]
    assert set(await directory(people, "Priya").related("reports")) == {"Sofia Almeida", "Hiro Tanaka"}
    assert not await directory(people, "Maren").related("manager")


async def test_who_has_nobody_above_or_below(people: People) -> None:
    assert not await directory(people, "Maren").search(Query(any_of=("my manager",)), top=5)
    below = await directory(people, "Priya").search(Query(any_of=("my reports",)), top=5)
    assert {document.title for document in below} == {"Sofia Almeida", "Hiro Tanaka"}


async def test_somebody_by_what_they_do(people: People) -> None:
    (found, *_) = await directory(people).search(Query(any_of=("controller", "finance")), top=5)
    assert found.title == "Ben Carter"


async def test_without_microsofts_search_the_directory_is_asked(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", "POST /v1.0/search/query", status=403))
    (found,) = await directory(people).search(Query(people=("Jonas",)), top=5)
    assert found.title == "Jonas Weber"


async def test_a_person_is_read_again_and_known_to_nobody_else(people: People) -> None:
    source = directory(people)
    (found,) = await source.search(Query(people=("Jonas",)), top=5)
    assert (await source.read(found.id)).text == found.text
    assert await source.readers(found.id) is None
    for id in ("", "people:", "people:a/b", "people:..", "people:nobody", "mail:x"):
        with pytest.raises(GraphError):
            await source.read(id)


def test_it_is_asked_only_where_a_question_can_be_about_it() -> None:
    assert wanted(Hints(words=frozenset({"who", "is", "the", "controller"})))
    assert wanted(Hints(words=frozenset({"wer", "ist", "zuständig"})))
    assert not wanted(Hints(words=frozenset({"what", "does", "error", "e42", "mean"})))
