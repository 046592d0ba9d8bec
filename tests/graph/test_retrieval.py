"""Copilot's Retrieval API as a source: whole sentences, passages back, once a turn, only where it is switched on."""

import pytest

from graph.base import Query
from graph.discover import available
from graph.errors import GraphError, Throttled
from graph.options import Options
from graph.retrieval import Retrieval
from infra.local.world import Fault, World
from tests.graph.conftest import People

SEAL = Query(any_of=("seal",), question="Which seal replaces the RS-14?")


def retrieval(people: People, name: str = "Sofia") -> Retrieval:
    return Retrieval(people.of(name))


async def test_passages_for_a_sentence_with_the_files_own_facts(tenant: World, people: People) -> None:
    source = retrieval(people)
    found = await source.search(SEAL, top=5)
    minutes = next(document for document in found if document.title == "Steering meeting 2026-10-29.md")
    assert "KS-22 from Kestrel Seals is in" in minutes.text
    assert minutes.modified.year == 2026
    assert not await source.search(SEAL, top=5)
    assert [r.path for r in tenant.record] == ["/v1.0/$batch"] * 2
    asked = tenant.record[0].body["requests"][0]["body"]
    assert asked["queryString"] == SEAL.question


async def test_the_file_is_read_and_known_to_its_readers(people: People) -> None:
    source = retrieval(people)
    (found, *_) = await source.search(SEAL, top=5)
    whole = await source.read(found.id)
    assert (whole.id, whole.source, whole.title) == (found.id, "retrieval", found.title)
    assert people.world.person("Sofia").id in (await source.readers(found.id) or ())
    for id in ("", "retrieval:", "retrieval:a", "files:a/b", "retrieval:../.."):
        with pytest.raises(GraphError):
            await source.read(id)


async def test_people_find_only_what_they_may_open(people: People) -> None:
    salary = Query(question="What are the salaries for 2026?")
    assert any("Salar" in d.title for d in await retrieval(people, "Katrin").search(salary, top=25))
    assert not any("Salar" in d.title for d in await retrieval(people, "Jonas").search(salary, top=25))


async def test_its_own_limit_is_named(tenant: World, people: People) -> None:
    busy = Fault("graph", "POST /v1.0/copilot/retrieval", status=429, headers={"Retry-After": "600"}, times=99)
    tenant.faults.append(busy)
    with pytest.raises(Throttled):
        await retrieval(people).search(SEAL, top=5)


def test_it_is_off_unless_the_installation_has_it() -> None:
    assert "retrieval" not in available(Options())
    assert "retrieval" in available(Options(copilot=True))
