"""SharePoint's lists and sites as a source: entries with their columns, never a file."""

import pytest

from graph.base import Query
from graph.errors import GraphError
from graph.sites import Sites, _heading, _value
from infra.local.world import World
from tests.graph.conftest import People


def sites(people: People, name: str = "Sofia") -> Sites:
    return Sites(people.of(name))


async def test_an_entry_of_a_list_with_its_columns(tenant: World, people: People) -> None:
    (found,) = await sites(people).search(Query(all_of=("modem", "reset")), top=5)
    assert found.title == "Modem needs two seconds after a reset"
    assert found.author == "Hiro Tanaka"
    assert found.place == "Heron / Risks"
    assert found.text.splitlines() == [
        "Modem needs two seconds after a reset",
        "Probability: medium",
        "Impact: radio test fails",
        "Owner: Hiro Tanaka",
        "Measure: wait in the boot loader, review by Oskar",
    ]
    assert [r.path for r in tenant.record] == ["/v1.0/search/query", "/v1.0/$batch"]


async def test_files_and_folders_are_left_to_the_source_of_files(people: People) -> None:
    found = await sites(people).search(Query(any_of=("Heron", "budget", "risk", "modem")), top=25)
    assert found
    assert all("/Lists/" in document.link or document.place == "SharePoint" for document in found)


async def test_a_site_and_its_lists(people: People) -> None:
    found = await sites(people).search(Query(any_of=("Heron",)), top=25)
    site = next(document for document in found if document.place == "SharePoint")
    assert "- Risks" in (await sites(people).read(site.id)).text


async def test_other_peoples_sites_stay_closed(people: People) -> None:
    (found,) = await sites(people).search(Query(all_of=("modem", "reset")), top=5)
    assert (await sites(people).read(found.id)).text == found.text
    assert await sites(people).readers(found.id) is None
    assert not await sites(people, "Ben").search(Query(all_of=("modem", "reset")), top=5)
    with pytest.raises(GraphError):
        await sites(people, "Ben").read(found.id)
    for id in ("", "sites:", "sites:a/b", "sites:a/b/c/d", "sites:../../..", "files:a/b"):
        with pytest.raises(GraphError):
            await sites(people).read(id)


def test_columns_of_every_kind_become_text() -> None:
    assert _heading("Due_x0020_date") == "Due date"
    assert _value(True) == "yes"
    assert _value([1, {"LookupValue": "Kassel"}, None]) == "1, Kassel"
    assert _value("<div>Dry <b>run</b></div>") == "Dry run"
    assert _value({"unknown": 1}) == ""
