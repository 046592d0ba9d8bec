"""POST /search/query over the whole company: words, rules of the request, and what each person may find."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from infra.local.company.access import Access
from infra.local.company.model import Item
from infra.local.world import World
from tests.local.graph_client import Wire, graph_wire


@pytest.fixture
async def wire(world: World) -> AsyncIterator[Wire]:
    async with graph_wire(world) as served:
        yield served


def secret(world: World) -> Item:
    return next(item for item in world.company.items if item.name == "Board paper Moorland.docx")


async def test_people_find_only_what_they_may_read(wire: Wire, world: World) -> None:
    access = Access(world.company)
    for person in world.company.people:
        expected = {item.id for item in world.company.items if item.parent_id and access.can_read(person.id, item)}
        found = await wire.hits(
            "driveItem",
            "a* OR e* OR i* OR o* OR s* OR isDocument:true OR isDocument:false",
            person.given_name,
            size=500,
        )
        assert {hit["hitId"] for hit in found} == expected, person.name


async def test_a_natural_question_finds_nothing_but_its_words_do(wire: Wire) -> None:
    assert await wire.hits("driveItem", "Why do the HRN-200 castings come from Fonderia Brenta?") == []
    (best, *_) = await wire.hits("driveItem", "castings Brenta filetype:docx")
    assert best["resource"]["name"] == "Casting supplier decision.docx"
    assert "<c0>" in best["summary"]
    assert best["resource"]["@odata.type"] == "#microsoft.graph.driveItem"
    assert best["resource"]["parentReference"]["driveId"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ('filename:"Decision log.md"', "Decision log.md"),
        ('"sales release" filetype:md', "Decision log.md"),
        ("title:endurance", "Endurance test report RS-14.pdf"),
        (
            'path:"https://sharepoint.tidewell.example/sites/Heron/Shared Documents/General/Budget" isDocument:true',
            "Heron budget.xlsx",
        ),
    ],
)
async def test_file_properties_narrow_the_search(wire: Wire, query: str, name: str) -> None:
    found = await wire.hits("driveItem", query)
    assert name in [hit["resource"]["name"] for hit in found]
    assert len(found) <= 3


async def test_files_are_sorted_when_asked(wire: Wire) -> None:
    request: dict[str, Any] = {"sortProperties": [{"name": "lastModifiedDateTime", "isDescending": True}], "size": 50}
    stamps = [hit["resource"]["lastModifiedDateTime"] for hit in await wire.hits("driveItem", "heron", **request)]
    assert stamps == sorted(stamps, reverse=True)
    assert (await wire.search("message", "heron", **request)).status == 400


async def test_mail_hits_come_by_date_without_a_body(wire: Wire) -> None:
    hits = await wire.hits("message", "heron budget")
    stamps = [hit["resource"]["receivedDateTime"] for hit in hits]
    assert stamps == sorted(stamps, reverse=True)
    assert "body" not in hits[0]["resource"]
    assert hits[0]["resource"]["@odata.type"] == "#microsoft.graph.message"


async def test_pages_of_hits(wire: Wire) -> None:
    whole = (await wire.search("message", "heron", size=25)).body["value"][0]["hitsContainers"][0]
    window: dict[str, Any] = {"from": 2, "size": 2}
    second = (await wire.search("message", "heron", **window)).body["value"][0]["hitsContainers"][0]
    assert [hit["hitId"] for hit in second["hits"]] == [hit["hitId"] for hit in whole["hits"]][2:4]
    assert [hit["rank"] for hit in second["hits"]] == [3, 4]
    assert second["moreResultsAvailable"] is True
    assert second["total"] == whole["total"]


@pytest.mark.parametrize(
    ("kinds", "more"),
    [
        (["message", "event"], {}),
        (["driveItem", "message"], {}),
        (["nonsense"], {}),
        ([], {}),
        (["message"], {"size": 26}),
        (["driveItem"], {"size": 1001}),
        (["driveItem"], {"from": -1}),
        (["driveItem"], {"query": {"queryString": ""}}),
        (["driveItem"], {"query": {"queryString": "(a"}}),
        (["message"], {"query": {"queryString": "received>=soon"}}),
    ],
)
async def test_requests_against_the_rules_are_refused(wire: Wire, kinds: list[str], more: dict[str, Any]) -> None:
    asked = {"entityTypes": kinds, "query": {"queryString": "heron"}, **more}
    reply = await wire.post("/search/query", {"requests": [asked]})
    assert reply.status == 400


async def test_file_types_may_stand_together(wire: Wire) -> None:
    asked = {"entityTypes": ["driveItem", "listItem", "site"], "query": {"queryString": "heron"}}
    assert (await wire.post("/search/query", {"requests": [asked]})).status == 200


async def test_each_type_needs_its_scope(wire: Wire) -> None:
    for kind in ("message", "event", "driveItem", "site", "person", "chatMessage"):
        asked = {"entityTypes": [kind], "query": {"queryString": "heron"}}
        assert (await wire.post("/search/query", {"requests": [asked]}, scopes=("User.Read",))).status == 403
    asked = {"entityTypes": ["chatMessage"], "query": {"queryString": "heron"}}
    assert (await wire.post("/search/query", {"requests": [asked]}, scopes=("Chat.Read",))).status == 403


async def test_guests_search_files_only(wire: Wire) -> None:
    assert (await wire.search("message", "heron", "Marco")).status == 403
    assert (await wire.search("driveItem", "brenta", "Marco")).status == 200


async def test_chats_people_events_and_sites_are_found(wire: Wire, world: World) -> None:
    message = next(one for one in world.company.messages if one.channel_id and one.text.split())
    author = world.person(message.author_id)
    word = max(message.text.split(), key=len).strip(".,?!:")
    found = await wire.hits("chatMessage", f'"{word}"', author.given_name)
    assert message.id in [hit["hitId"] for hit in found]
    assert (await wire.hits("person", "Pri"))[0]["resource"]["displayName"] == "Priya Raman"
    assert (await wire.hits("site", "Heron"))[0]["resource"]["@odata.type"] == "#microsoft.graph.site"
    event = next(event for event in world.company.events if event.mailbox == world.person("Sofia").id)
    assert event.subject in [hit["resource"]["subject"] for hit in await wire.hits("event", f'"{event.subject}"')]


async def test_new_and_changed_text_is_found_at_once(wire: Wire, world: World) -> None:
    item = next(item for item in world.company.items if item.name == "Decision log.md")
    assert await wire.hits("driveItem", "zorblax") == []
    item.text += " zorblax"
    assert len(await wire.hits("driveItem", "zorblax")) == 1


async def test_twenty_thousand_mails_stay_fast(wire: Wire, world: World) -> None:
    mine = [mail for mail in world.company.mails if mail.mailbox == world.person("Sofia").id]
    copies = [replace(mine[at % len(mine)], id=f"copy{at}", attachments=[]) for at in range(20_000 - len(mine))]
    world.company.mails += copies
    await wire.hits("message", "heron")
    started = time.process_time()
    await wire.hits("message", "heron budget")
    spent = time.process_time() - started
    print(f"search over 20,000 mails: {spent * 1000:.0f} ms of processor time")
    assert spent < 5
