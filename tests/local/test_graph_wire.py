"""What holds for every Graph request: identity, permission, error bodies, faults, batches and the mailbox limit."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from infra.local.entra_state import revoke
from infra.local.graph import graph_state
from infra.local.tokens import mint_app, mint_user
from infra.local.world import Fault, SigningKey, World
from tests.local.graph_client import Wire, graph_wire


@pytest.fixture
async def wire(world: World) -> AsyncIterator[Wire]:
    async with graph_wire(world) as served:
        yield served


async def test_errors_have_microsofts_form(wire: Wire) -> None:
    reply = await wire.get("/me/messages/nope", headers={"client-request-id": "mine"})
    assert (reply.status, reply.code) == (404, "ErrorItemNotFound")
    inner = reply.body["error"]["innerError"]
    assert inner["request-id"] == reply.headers["request-id"]
    assert inner["client-request-id"] == reply.headers["client-request-id"] == "mine"
    assert (await wire.get("/bogus")).code == "BadRequest"
    assert (await wire.send("PUT", "/me")).status == 405


async def test_only_good_tokens_open_the_door(wire: Wire, world: World) -> None:
    sofia = world.person("Sofia").id
    other = SigningKey.new()
    stranger = other.sign({"aud": "https://graph.microsoft.com", "oid": sofia, "exp": 9_999_999_999})
    bad = [
        "x.y.z",
        "garbage",
        stranger,
        mint_user(world, sofia, "User.Read", lifetime=-1),
        mint_user(world, sofia, "User.Read", audience="api://other"),
        mint_user(world, sofia, "User.Read", tid="another"),
        mint_user(world, sofia, "User.Read", oid="nobody"),
        mint_user(world, sofia, "User.Read", exp="soon"),
    ]
    for token in bad:
        reply = await wire.get("/me", token=token)
        assert (reply.status, reply.code) == (401, "InvalidAuthenticationToken"), token
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert (await wire.get("/me", scopes=("User.Read",))).body["displayName"] == world.person("Sofia").name
    world.clock.advance(4000)
    assert (await wire.get("/me", scopes=("User.Read",))).status == 200


async def test_a_missing_scope_is_refused_in_the_words_of_each_service(wire: Wire, world: World) -> None:
    codes = {
        "/me/messages": "ErrorAccessDenied",
        "/me/drive/root": "accessDenied",
        "/users": "Authorization_RequestDenied",
        "/me/chats": "Forbidden",
        "/me/calendarView?startDateTime=2026-01-01&endDateTime=2026-01-02": "ErrorAccessDenied",
    }
    for path, code in codes.items():
        reply = await wire.get(path, scopes=("User.Read",))
        assert (reply.status, reply.code) == (403, code)
    assert (await wire.get(f"/users/{world.person('Priya').id}", scopes=("User.Read",))).status == 403


async def test_the_app_itself_has_no_me_but_reads_what_its_roles_allow(wire: Wire, world: World) -> None:
    token = mint_app(world, roles=["Mail.Read"])
    assert (await wire.get("/me", token=token)).status == 400
    mine = await wire.get(f"/users/{world.person('Priya').id}/messages?$top=1", token=token)
    assert len(mine.value) == 1
    assert (await wire.get("/users", token=token)).status == 403


async def test_a_revoked_person_gets_a_claims_challenge_until_a_new_token(wire: Wire, world: World) -> None:
    token = wire.token("Sofia")
    world.clock.advance(5)
    revoke(world, world.person("Sofia").id)
    reply = await wire.get("/me", token=token)
    challenge = reply.headers["WWW-Authenticate"]
    assert reply.status == 401
    assert 'error="insufficient_claims"' in challenge
    encoded = challenge.partition('claims="')[2].rstrip('"')
    assert "access_token" in json.loads(base64.b64decode(encoded))
    world.clock.advance(5)
    assert (await wire.get("/me")).status == 200


async def test_faults_speak_the_services_own_words(wire: Wire, world: World) -> None:
    world.faults = [
        Fault("graph", "GET *messages*", status=429, headers={"Retry-After": "7"}),
        Fault("graph", "GET */drive*", status=503),
        Fault("graph", "GET */me", kind="claims"),
    ]
    throttled = await wire.get("/me/messages")
    assert (throttled.status, throttled.code, throttled.headers["Retry-After"]) == (429, "ApplicationThrottled", "7")
    assert (await wire.get("/me/drive")).code == "serviceNotAvailable"
    assert "insufficient_claims" in (await wire.get("/me")).headers["WWW-Authenticate"]
    assert (await wire.get("/me")).status == 200


async def test_a_cut_answer_breaks_off(wire: Wire, world: World) -> None:
    world.faults = [Fault("graph", kind="cut")]
    with pytest.raises(aiohttp.ClientError):
        await wire.get("/me/messages")


async def test_the_fifth_request_at_once_to_a_mailbox_is_throttled(wire: Wire, world: World) -> None:
    graph_state(world).latency = 0.05
    replies = await asyncio.gather(*(wire.get("/me/messages?$top=1") for _ in range(6)))
    statuses = sorted(reply.status for reply in replies)
    assert statuses == [200, 200, 200, 200, 429, 429]
    refused = next(reply for reply in replies if reply.status == 429)
    assert refused.code == "ApplicationThrottled"
    assert refused.headers["Retry-After"] == "1"
    assert (await wire.get("/me/messages?$top=1")).status == 200


def part(id: str, url: str, method: str = "GET", **more: object) -> dict[str, object]:
    return {"id": id, "method": method, "url": url, **more}


async def test_a_batch_answers_each_part_for_itself(wire: Wire, world: World) -> None:
    mail = next(mail for mail in world.company.mails if mail.mailbox == world.person("Sofia").id and mail.attachments)
    file = next(item for item in world.company.items if item.text and "Heron" in item.name)
    world.faults = [Fault("graph", "GET /v1.0/me/manager", status=429, headers={"Retry-After": "3"})]
    parts = [
        part("me", "/me"),
        part("gone", "/me/messages/nope"),
        part("after", "me/drive", dependsOn=["gone"]),
        part("slow", "/me/manager"),
        part("bytes", f"/me/messages/{mail.id}/attachments/{mail.attachments[0].id}/$value"),
        part("file", f"/drives/{file.drive_id}/items/{file.id}/content"),
        *(part(f"m{at}", "/me/messages?$top=1") for at in range(8)),
    ]
    reply = await wire.post("/$batch", {"requests": parts})
    answers = {one["id"]: one for one in reply.body["responses"]}
    assert reply.status == 200
    assert [one["id"] for one in reply.body["responses"]] != [str(one["id"]) for one in parts]
    assert {name: one["status"] for name, one in answers.items() if not name.startswith("m")} == {
        "gone": 404,
        "after": 424,
        "slow": 429,
        "bytes": 200,
        "file": 302,
    }
    assert answers["slow"]["headers"]["Retry-After"] == "3"
    assert base64.b64decode(answers["bytes"]["body"]) == mail.attachments[0].data
    assert "/download/" in answers["file"]["headers"]["Location"]
    assert all(answers[f"m{at}"]["status"] == 200 for at in range(8))


@pytest.mark.parametrize(
    "parts",
    [
        [part(str(at), "/me") for at in range(21)],
        [part("1", "/me"), part("1", "/me")],
        [part("1", "/me", dependsOn=["2"]), part("2", "/me")],
        [part("1", "/me/sendMail", "POST", body={})],
        [part("1", "/me", "BREW")],
        [part("1", "/me", dependsOn=[{}])],
        [],
        ["x"],
    ],
)
async def test_a_malformed_batch_is_refused_whole(wire: Wire, parts: list[object]) -> None:
    assert (await wire.post("/$batch", {"requests": parts})).status == 400


async def test_a_part_with_an_absolute_address_is_refused(wire: Wire) -> None:
    reply = await wire.post("/$batch", {"requests": [part("1", f"{wire.origin}/v1.0/me")]})
    assert reply.body["responses"][0]["status"] == 400


async def test_people_are_found_by_the_beginning_of_a_name(wire: Wire) -> None:
    eventual = {"ConsistencyLevel": "eventual"}
    assert (await wire.get('/users?$search="displayName:priy"')).code == "Request_UnsupportedQuery"
    found = await wire.get('/users?$search="displayName:priy"&$count=true', headers=eventual)
    assert [row["givenName"] for row in found.value] == ["Priya"]
    assert found.body["@odata.count"] == 1
    filtered = await wire.get("/users?$filter=startswith(displayName,'Hiro')&$select=displayName,department")
    assert filtered.value == [{"displayName": "Hiro Tanaka", "department": "Engineering"}]
    assert (await wire.get("/users", "Marco")).status == 403
    assert (await wire.get("/me/manager")).body["@odata.type"] == "#microsoft.graph.user"
    assert (await wire.get("/me/photo/$value")).status == 404
