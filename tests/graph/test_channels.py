"""Channels as a source: whole threads, found by search or by hand, for the members of the channel."""

import pytest

from graph.base import Query
from graph.channels import Channels
from graph.errors import GraphError
from infra.local.company.access import channel_members
from infra.local.company.model import Channel
from infra.local.world import Fault, World
from tests.graph.conftest import People


def channels(people: People, name: str = "Sofia") -> Channels:
    return Channels(people.of(name))


def channel(world: World, name: str) -> Channel:
    return next(one for one in world.company.channels if one.name == name)


async def test_a_reply_is_found_with_its_thread(people: People) -> None:
    (found,) = await channels(people).search(Query(all_of=("housing", "drawing")), top=5)
    assert found.place == "Heron / General"
    assert found.title.startswith("Heron / General: Minutes of the steering meeting")
    lines = found.text.splitlines()
    assert lines[0].startswith("[2026-10-29 15:45] Sofia Almeida: Minutes")
    assert lines[-1].endswith("Oskar Brandt: Marco Bianchi no, same diameter. You can close it.")
    assert found.complete
    assert found.link.startswith("https://teams.microsoft.com/l/message/")


async def test_a_private_channel_is_for_its_members(tenant: World, people: People) -> None:
    price = Query(all_of=("list", "price"))
    (found,) = await channels(people).search(price, top=5)
    assert found.place == "Heron / Pricing"
    assert await channels(people).readers(found.id) == channel_members(tenant.company, channel(tenant, "Pricing"))
    assert not await channels(people, "Hiro").search(price, top=5)
    with pytest.raises(GraphError):
        await channels(people, "Hiro").read(found.id)


async def test_a_standard_channel_is_for_the_team(tenant: World, people: People) -> None:
    (found,) = await channels(people).search(Query(all_of=("pilot", "starts")), top=5)
    source = channels(people)
    team = next(team for team in tenant.company.teams if team.name == "Heron")
    assert await source.readers(found.id) == channel_members(tenant.company, channel(tenant, "General"))
    group = next(group for group in tenant.company.groups if group.id == team.group_id)
    group.members.append(tenant.person("Nils").id)
    assert tenant.person("Nils").id in (await source.readers(found.id) or ())
    people.granted = frozenset({"ChannelMessage.Read.All", "Team.ReadBasic.All", "Channel.ReadBasic.All"})
    assert await source.readers(found.id) is None


async def test_without_microsofts_search_the_channels_are_read(tenant: World, people: People) -> None:
    people.granted = frozenset({"ChannelMessage.Read.All", "Team.ReadBasic.All", "Channel.ReadBasic.All"})
    (found,) = await channels(people).search(Query(all_of=("pilot", "starts")), top=5)
    assert "25 January 2027" in found.text
    assert all(r.path != "/v1.0/search/query" for r in tenant.record)


async def test_a_place_narrows_to_its_channel(people: People) -> None:
    found = await channels(people).search(Query(any_of=("agreed", "price"), place="the Pricing channel"), top=5)
    assert {document.place for document in found} == {"Heron / Pricing"}


async def test_a_thread_is_read_whole_and_made_up_ids_lead_nowhere(people: People) -> None:
    source = channels(people)
    (found,) = await source.search(Query(all_of=("pilot", "starts")), top=5)
    whole = await source.read(found.id)
    assert (whole.title, whole.text) == (found.title, found.text)
    for id in (
        "",
        "channels:",
        "channels:a/b",
        "channels:a/b/c/d",
        "chats:a/b/c",
        "channels:../../..",
        "channels:a//c",
    ):
        with pytest.raises(GraphError):
            await source.read(id)


async def test_a_team_that_cannot_be_listed_is_named(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", "GET /v1.0/teams/*/channels", status=500, times=99))
    with pytest.raises(GraphError):
        await channels(people).search(Query(all_of=("pilot",)), top=5)
