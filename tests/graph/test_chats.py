"""Chats as a source: what was said with what was said around it, for the members alone."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.base import Query
from graph.chats import Chats
from graph.errors import GraphError
from graph.talk import GAP, Said, around, said
from infra.local.company.model import Chat
from infra.local.world import Fault, World
from tests.graph.conftest import People

SHIPPING = (
    '[2026-11-16 11:05] Sofia Almeida: I shared "Pilot shipping plan.xlsx" with you here. '
    "Marlenbach leaves on 19 January, Corran on the 15th."
)
RAMP = Query(all_of=("Rampe",))


def chats(people: People, name: str = "Sofia") -> Chats:
    return Chats(people.of(name))


def pilot(world: World) -> Chat:
    return next(chat for chat in world.company.chats if chat.topic == "Heron pilot logistics")


async def test_a_hit_comes_with_the_talk_around_it(tenant: World, people: People) -> None:
    (found,) = await chats(people).search(RAMP, top=5)
    assert found.title == "Heron pilot logistics"
    assert found.author == "Jonas Weber"
    assert found.kind == "chat"
    assert found.text.splitlines() == [
        SHIPPING,
        "[2026-11-16 11:30] Elena Marchetti: Kurier Nord is booked for the 19th.",
        "[2026-11-16 11:41] Jonas Weber: Braucht ihr die große Rampe?",
        "[2026-11-16 11:50] Sofia Almeida: Yes please, from 7:00.",
    ]
    assert len([r for r in tenant.record if r.wire == "graph"]) == 3


async def test_people_find_only_their_own_chats(people: People) -> None:
    assert not await chats(people, "Hiro").search(RAMP, top=5)
    secret = Query(all_of=("D3",))
    assert await chats(people, "Katrin").search(secret, top=5)
    assert not await chats(people).search(secret, top=5)


async def test_the_members_may_read_it(tenant: World, people: People) -> None:
    source = chats(people)
    (found,) = await source.search(RAMP, top=5)
    assert await source.readers(found.id) == frozenset(pilot(tenant).members)
    pilot(tenant).members.append(tenant.person("Marco").id)
    assert await source.readers(found.id) == frozenset(pilot(tenant).members)
    tenant.faults.append(Fault("graph", "*/members", status=403))
    assert await source.readers(found.id) is None


async def test_without_microsofts_search_the_chats_themselves_are_read(tenant: World, people: People) -> None:
    people.granted = frozenset({"Chat.Read"})
    (found, *_) = await chats(people).search(RAMP, top=5)
    assert "große Rampe" in found.text
    assert all(r.path != "/v1.0/search/query" for r in tenant.record)
    with_hiro = await chats(people).search(Query(people=("Hiro",), any_of=("text", "messages", "alarms")), top=5)
    assert any("March at the earliest" in document.text for document in with_hiro)


async def test_a_place_narrows_to_the_chats_of_that_name(people: People) -> None:
    found = await chats(people).search(
        Query(any_of=("Kurier", "pumps", "Heron"), place="the pilot logistics chat"), top=9
    )
    assert {document.title for document in found} == {"Heron pilot logistics"}


async def test_a_message_is_read_with_what_stands_around_it(people: People) -> None:
    source = chats(people)
    (found,) = await source.search(RAMP, top=5)
    whole = await source.read(found.id)
    assert whole.title == found.title
    assert "große Rampe" in whole.text
    with pytest.raises(GraphError):
        await chats(people, "Hiro").read(found.id)
    for id in ("", "chats:", "chats:a", "chats:a/", "chats:a/b/c", "mail:a/b", "chats:../..", "chats:%2e%2e/%2e%2e"):
        with pytest.raises(GraphError):
            await source.read(id)


def test_what_nobody_said_is_left_out() -> None:
    base = {
        "id": "1",
        "createdDateTime": "2026-11-16T10:00:00Z",
        "body": {"contentType": "html", "content": "<p>Hi</p>"},
    }
    assert said({**base, "messageType": "systemEventMessage"}) is None
    assert said({**base, "deletedDateTime": "2026-11-16T10:00:00Z"}) is None
    assert said({**base, "body": {"content": ""}}) is None
    spoken = said({**base, "from": {"application": {"displayName": "Build\nbot"}}, "attachments": [{"name": "a.pdf"}]})
    assert spoken is not None
    assert (spoken.speaker, spoken.text) == ("Build bot", "Hi (file: a.pdf)")


@given(st.lists(st.integers(0, 200), min_size=1, max_size=40, unique=True), st.data())
def test_stretches_hold_their_hits_once_and_in_order(minutes: list[int], data: st.DataObject) -> None:
    begin = datetime(2026, 11, 1, tzinfo=UTC)
    lines = [Said(str(n), "A", begin + timedelta(hours=m), "x") for n, m in enumerate(sorted(minutes))]
    ids = data.draw(st.lists(st.sampled_from([line.id for line in lines]), unique=True))
    stretches = around(lines, ids)
    shown = [line.id for part in stretches for line in part]
    assert len(shown) == len(set(shown))
    assert set(ids) <= set(shown)
    for part in stretches:
        assert all(after.at - before.at <= GAP for before, after in pairwise(part))
