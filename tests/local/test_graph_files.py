"""Files, calendars and Teams as Graph serves them, each to who may see it."""

import base64
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from infra.local.company.access import Access, channel_members
from infra.local.company.model import Item
from infra.local.graph import graph_state
from infra.local.world import World
from tests.local.graph_client import Wire, graph_wire

CHUNK = 327_680


@pytest.fixture
async def wire(world: World) -> AsyncIterator[Wire]:
    async with graph_wire(world) as served:
        yield served


def named(world: World, name: str) -> Item:
    return next(item for item in world.company.items if item.name == name)


async def test_content_redirects_to_an_address_that_needs_no_token_and_expires(wire: Wire, world: World) -> None:
    item = named(world, "Decision log.md")
    reply = await wire.get(f"/drives/{item.drive_id}/items/{item.id}/content")
    assert reply.status == 302
    address = reply.headers["Location"]
    async with wire.session.get(address) as response:
        assert await response.read() == item.data
    async with wire.session.get(address, headers={"Range": "bytes=2-5"}) as response:
        assert (response.status, await response.read()) == (206, item.data[2:6])
        assert response.headers["Content-Range"] == f"bytes 2-5/{len(item.data)}"
    async with wire.session.get(address, headers={"Range": "bytes=-3"}) as response:
        assert await response.read() == item.data[-3:]
    async with wire.session.get(address, headers={"Range": "bytes=999999-"}) as response:
        assert response.status == 416
    async with wire.session.get(f"{address[:-4]}AAAA") as response:
        assert response.status == 401
    world.clock.advance(graph_state(world).download_seconds + 5)
    async with wire.session.get(address) as response:
        assert response.status == 401


async def test_an_item_has_many_addresses_and_one_gate(wire: Wire, world: World) -> None:
    item = named(world, "Heron budget.xlsx")
    site = next(site for site in world.company.sites if site.name == "Heron")
    host, _, rest = site.web_url.removeprefix("https://").partition("/")
    shown = (await wire.get(f"/drives/{item.drive_id}/items/{item.id}")).body
    token = "u!" + base64.urlsafe_b64encode(shown["webUrl"].encode()).decode().rstrip("=")
    paths = [
        f"/drives/{item.drive_id}/root:/General/Budget/{quote(item.name)}",
        f"/sites/{site.id}/drive/items/{item.id}",
        f"/sites/{host}:/{rest}:/drive/root:/General/Budget/{quote(item.name)}:",
        f"/groups/{site.group_id}/drive/root:/General/Budget/{quote(item.name)}",
        f"/shares/{token}/driveItem",
    ]
    for path in paths:
        assert (await wire.get(path)).body["id"] == item.id, path
        assert (await wire.get(path, "Liam")).status in {403, 404}, path
    assert (await wire.get(f"/drives/{item.drive_id}/root:/General/nothing.txt")).status == 404
    assert (await wire.get("/drives/b!nonsense/root")).status == 404


async def test_folders_show_only_what_the_person_may_read(wire: Wire, world: World) -> None:
    access = Access(world.company)
    for person in world.company.people:
        for drive in world.company.drives:
            seen: set[str] = set()
            todo = ["root"]
            while todo:
                reply = await wire.get(f"/drives/{drive.id}/items/{todo.pop()}/children", person.given_name)
                rows = reply.value if reply.status == 200 else []
                seen |= {row["id"] for row in rows}
                todo += [row["id"] for row in rows if "folder" in row]
            allowed = {
                item.id
                for item in world.company.items
                if item.drive_id == drive.id and access.can_read(person.id, item)
            }
            assert seen <= allowed


async def test_permissions_say_who_and_through_what(wire: Wire, world: World) -> None:
    agreement = named(world, "Pilot agreement Marlenbach.pdf")
    rows = (await wire.get(f"/drives/{agreement.drive_id}/items/{agreement.id}/permissions")).value
    by_kind = {"group" if "group" in row["grantedToV2"] else "user": row for row in rows}
    assert by_kind["user"]["grantedToV2"]["user"]["id"] == world.person("Priya").id
    assert "inheritedFrom" in by_kind["group"]
    shared = named(world, "Drawing list Brenta.xlsx")
    links = [
        row
        for row in (await wire.get(f"/drives/{shared.drive_id}/items/{shared.id}/permissions")).value
        if "link" in row
    ]
    assert links[0]["link"]["scope"] == "users"
    assert links[0]["grantedToIdentitiesV2"][0]["user"]["id"] == world.person("Marco").id
    own = (await wire.get(f"/drives/{shared.drive_id}/items/{shared.id}/permissions", "Marco")).value
    assert [row["id"] for row in own] == [links[0]["id"]]


async def test_labels_and_conversion(wire: Wire, world: World) -> None:
    policy = named(world, "Travel policy.docx")
    at = f"/drives/{policy.drive_id}/items/{policy.id}"
    assert (await wire.get(at)).body["sensitivityLabel"]["displayName"] == "General"
    assert (await wire.get(f"{at}/content?format=pdf")).status == 501
    assert (await wire.get(f"{at}/content?format=html")).status == 406


async def test_uploads_small_and_in_pieces(wire: Wire, world: World) -> None:
    put = await wire.send(
        "PUT", "/me/drive/root:/note.txt:/content", data=b"zorblax", headers={"Content-Type": "text/plain"}
    )
    assert (put.status, put.body["name"]) == (201, "note.txt")
    assert len(await wire.hits("driveItem", "zorblax")) == 1
    again = await wire.send(
        "PUT", f"/me/drive/items/{put.body['id']}/content", data=b"two", headers={"Content-Type": "text/plain"}
    )
    assert (again.status, again.body["size"]) == (200, 3)
    session = (await wire.post("/me/drive/root:/big.bin:/createUploadSession", {})).body
    data = bytes(CHUNK) + b"tail"
    ranges = [(0, CHUNK - 1), (CHUNK, len(data) - 1)]
    statuses = []
    for first, last in ranges:
        headers = {"Content-Range": f"bytes {first}-{last}/{len(data)}"}
        async with wire.session.put(session["uploadUrl"], data=data[first : last + 1], headers=headers) as response:
            statuses.append(response.status)
    assert statuses == [202, 201]
    assert named(world, "big.bin").data == data
    foreign = named(world, "Drawing list Brenta.xlsx")
    refused = await wire.send(
        "PUT", f"/drives/{foreign.drive_id}/items/{foreign.id}/content", data=b"x", person="Marco"
    )
    assert refused.status == 403


async def test_drive_changes_are_told(wire: Wire, world: World) -> None:
    start = await wire.get("/me/drive/root/delta?token=latest")
    assert start.value == []
    put = await wire.send("PUT", "/me/drive/root:/note.txt:/content", data=b"x")
    link = start.body["@odata.deltaLink"]
    assert [row["name"] for row in (await wire.get(link)).value] == ["note.txt"]
    after = (await wire.get(link)).body["@odata.deltaLink"]
    await wire.send("DELETE", f"/me/drive/items/{put.body['id']}")
    (gone,) = (await wire.get(after)).value
    assert (gone["id"], gone["deleted"]) == (put.body["id"], {"state": "deleted"})


async def test_a_calendar_view_expands_series_and_keeps_the_hour(wire: Wire, world: World) -> None:
    sofia = world.person("Sofia").id
    series = next(event for event in world.company.events if event.mailbox == sofia and event.weekly_until)
    window = "startDateTime=2026-10-01T00:00:00Z&endDateTime=2026-11-20T00:00:00Z"
    berlin = {"Prefer": 'outlook.timezone="Europe/Berlin"'}
    rows = (await wire.get(f"/me/calendarView?{window}&$top=500", headers=berlin)).value
    of_series = [row for row in rows if row["seriesMasterId"] == series.id]
    assert len(of_series) > 2
    assert len({row["start"]["dateTime"][11:16] for row in of_series}) == 1
    assert of_series[0]["start"]["timeZone"] == "Europe/Berlin"
    one = await wire.get(f"/me/events/{of_series[1]['id']}")
    assert one.body["type"] == "occurrence"
    assert (await wire.get("/me/calendarView")).status == 400
    assert (await wire.get(f"/me/calendarView?{window}", headers={"Prefer": 'outlook.timezone="Mars"'})).status == 400


async def test_a_meeting_is_made_once_and_shows_in_the_schedule(wire: Wire, world: World) -> None:
    priya = world.person("Priya")
    at = {"timeZone": "UTC"}
    body = {
        "subject": "Zorblax review",
        "start": {"dateTime": "2026-12-24T10:00:00", **at},
        "end": {"dateTime": "2026-12-24T11:00:00", **at},
        "attendees": [{"emailAddress": {"address": priya.mail}, "type": "required"}],
        "transactionId": "t1",
    }
    assert (await wire.post("/me/events", body)).status == 201
    assert (await wire.post("/me/events", body)).status == 409
    assert [event.subject for event in world.company.events if event.mailbox == priya.id].count("Zorblax review") == 1
    asked = {
        "schedules": [priya.mail, "nobody@x.example"],
        "startTime": {"dateTime": "2026-12-24T09:00:00", **at},
        "endTime": {"dateTime": "2026-12-24T12:00:00", **at},
        "availabilityViewInterval": 60,
    }
    known, unknown = (await wire.post("/me/calendar/getSchedule", asked)).value
    assert known["availabilityView"] == "020"
    assert "subject" not in known["scheduleItems"][0]
    assert "error" in unknown


async def test_private_channels_exist_for_their_members_only(wire: Wire, world: World) -> None:
    for person in world.company.people:
        for team in world.company.teams:
            reply = await wire.get(f"/teams/{team.group_id}/channels", person.given_name)
            shown = {row["id"] for row in reply.value} if reply.status == 200 else set()
            for channel in world.company.channels:
                if channel.team_id != team.id:
                    continue
                member = person.id in channel_members(world.company, channel)
                at = f"/teams/{team.group_id}/channels/{quote(channel.id, safe='')}"
                assert (channel.id in shown) <= member
                messages = await wire.get(f"{at}/messages", person.given_name)
                assert messages.status == (200 if member else 404 if reply.status == 200 else 403)


async def test_threads_come_with_replies_and_rules(wire: Wire, world: World) -> None:
    reply = next(message for message in world.company.messages if message.reply_to)
    channel = next(channel for channel in world.company.channels if channel.id == reply.channel_id)
    team = next(team for team in world.company.teams if team.id == channel.team_id)
    person = world.person(reply.author_id).given_name
    at = f"/teams/{team.group_id}/channels/{channel.id}/messages"
    roots = (await wire.get(f"{at}?$expand=replies", person)).value
    thread = next(row for row in roots if row["id"] == reply.reply_to)
    assert reply.id in [row["id"] for row in thread["replies"]]
    assert all(row["replyToId"] is None for row in roots)
    assert (await wire.get(f"{at}?$top=51", person)).status == 400
    assert (await wire.get(f"{at}?$filter=importance eq 'high'", person)).status == 400
    assert (await wire.get(f"{at}/{reply.reply_to}/replies", person)).value
    posted = await wire.post(f"{at}/{reply.reply_to}/replies", {"body": {"content": "Noted"}}, person)
    assert posted.body["replyToId"] == reply.reply_to


async def test_chats_are_for_their_members_newest_first(wire: Wire, world: World) -> None:
    chat = next(chat for chat in world.company.chats if chat.kind == "group")
    member = world.person(chat.members[0]).given_name
    stranger = next(person for person in world.company.people if person.id not in chat.members).given_name
    rows = (await wire.get(f"/chats/{quote(chat.id)}/messages?$top=50", member)).value
    assert [row["createdDateTime"] for row in rows] == sorted((row["createdDateTime"] for row in rows), reverse=True)
    assert (await wire.get(f"/chats/{chat.id}/messages", stranger)).status == 403
    assert (await wire.get(f"/chats/{chat.id}/messages?$orderby=createdDateTime asc", member)).status == 400
    later = rows[len(rows) // 2]["lastModifiedDateTime"]
    narrowed = (
        await wire.get(
            f"/chats/{chat.id}/messages?$filter=lastModifiedDateTime gt {later}&$orderby=lastModifiedDateTime desc",
            member,
        )
    ).value
    assert len(narrowed) < len(rows)
    ignored = (await wire.get(f"/chats/{chat.id}/messages?$filter=createdDateTime lt {later}", member)).value
    assert len(ignored) == min(len(rows), 20)
    listed = (await wire.get("/me/chats?$expand=members,lastMessagePreview", member)).value
    assert chat.id in [row["id"] for row in listed]
