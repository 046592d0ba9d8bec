"""What the Bot Connector accepts, refuses and remembers."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from infra.local import tokens
from infra.local.connector_state import connector_state, conversation, personal_chat
from infra.local.connector_writes import refuse
from infra.local.payload import MAX_BYTES, size
from infra.local.world import Fault, World
from tests.local.driven import CHANNEL, Bot, bot, with_places

TEXT = {"type": "message", "text": "hello"}


@pytest.fixture
async def caller(tenant: World) -> AsyncIterator[Bot]:
    async with bot(with_places(tenant)) as running:
        yield running


@pytest.fixture
def chat(tenant: World) -> str:
    return personal_chat(tenant, tenant.company.people[0])


async def test_a_message_can_be_sent_updated_and_deleted(caller: Bot, chat: str) -> None:
    status, body, _ = await caller.send(chat, TEXT, "1763805600123")
    assert status == 201
    assert (await caller.put(chat, body["id"], {**TEXT, "text": "better"}))[:2] == (200, {"id": body["id"]})
    found = conversation(caller.world, chat)
    assert found is not None
    (message,) = found.messages
    assert (message.text, [version["text"] for version in message.history]) == ("better", ["hello"])
    assert (await caller.call("DELETE", f"conversations/{chat}/activities/{body['id']}"))[0] == 200
    assert message.deleted
    status, error, _ = await caller.put(chat, body["id"], TEXT)
    assert (status, error["error"]["code"]) == (404, "ActivityNotFoundInConversation")


@pytest.mark.parametrize("case", ["none", "garbage", "audience", "expired", "foreign key", "foreign app"])
async def test_only_the_bots_own_token_is_taken(caller: Bot, chat: str, case: str) -> None:
    world = caller.world
    audience = "https://api.botframework.com"
    caller.token = {
        "none": " ",
        "garbage": "a.b.c",
        "audience": tokens.mint_app(world),
        "expired": tokens.mint_app(world, audience, lifetime=-1),
        "foreign key": world.bot_keys[-1].sign({"aud": audience, "exp": 2**31}),
        "foreign app": tokens.mint_app(world, audience, appid="another", azp="another"),
    }[case]
    status, error, _ = await caller.send(chat, TEXT)
    assert status == 401
    assert error["error"]["code"] in {"Unauthorized", "BotNotRegistered"}
    assert not connector_state(world).conversations.get(chat)


async def test_the_eighth_message_in_a_second_is_throttled_and_the_header_tells_the_truth(
    caller: Bot, chat: str
) -> None:
    statuses = [(await caller.send(chat, TEXT))[0] for _ in range(7)]
    status, error, headers = await caller.send(chat, TEXT)
    assert statuses == [201] * 7
    assert (status, error["error"]["code"]) == (429, "Throttled")
    caller.world.clock.advance(float(headers["Retry-After"]))
    assert (await caller.send(chat, TEXT))[0] == 201


async def test_benches_can_switch_the_windows_off(caller: Bot, chat: str) -> None:
    caller.world.state["rates_off"] = True
    assert {(await caller.send(chat, TEXT))[0] for _ in range(30)} == {201}


@pytest.mark.parametrize(
    ("activity", "status", "code"),
    [
        ({**TEXT, "text": "x" * (MAX_BYTES // 2)}, 413, "MessageSizeTooBig"),
        ({**TEXT, "entities": [{"type": "https://schema.org/Message"}] * 2}, 400, "BadArgument"),
        (
            {
                **TEXT,
                "entities": [
                    {
                        "type": "https://schema.org/Message",
                        "citation": [{"position": n, "appearance": {"name": "a"}} for n in range(1, 22)],
                    }
                ],
            },
            400,
            "BadArgument",
        ),
        ({"type": "message"}, 400, "BadSyntax"),
        ([], 400, "BadSyntax"),
    ],
)
async def test_what_teams_refuses_is_refused(caller: Bot, chat: str, activity: Any, status: int, code: str) -> None:
    got, error, _ = await caller.send(chat, activity)
    assert (got, error["error"]["code"]) == (status, code)


def test_size_is_counted_in_utf16_and_without_inline_images() -> None:
    assert size({"text": "ab"}) == 2 * len('{"text":"ab"}')
    assert size({"text": "\U0001f600"}) == 2 * len('{"text":""}') + 4
    assert size({"url": f"data:image/png;base64,{'A' * 200_000}"}) == size({"url": ""})


async def test_unknown_and_refused_conversations(caller: Bot, chat: str) -> None:
    status, error, _ = await caller.send("a:nobody", TEXT)
    assert (status, error["error"]["code"]) == (404, "ConversationNotFound")
    refuse(caller.world, chat, "ConversationBlockedByUser")
    status, error, _ = await caller.send(chat, TEXT)
    assert (status, error["error"]["code"], error["subCode"]) == (
        403,
        "ConversationBlockedByUser",
        "MessageWritesBlocked",
    )
    refuse(caller.world, chat)
    assert (await caller.send(chat, TEXT))[0] == 201


async def test_a_channel_has_threads(caller: Bot) -> None:
    channel = CHANNEL
    _, root, _ = await caller.send(channel, TEXT)
    thread = f"{channel};messageid={root['id']}"
    assert (await caller.send(thread, TEXT))[0] == 201
    found = conversation(caller.world, channel)
    assert found is not None
    assert [message.conversation_id for message in found.thread(thread)] == [thread, thread]
    assert (await caller.send(f"{channel};messageid=0", TEXT))[0] == 404


async def test_a_conversation_is_opened_with_a_person_or_in_a_channel(caller: Bot, chat: str) -> None:
    world = caller.world
    person = world.company.people[0]
    for id in (person.teams_id, person.id):
        status, body, _ = await caller.call("POST", "conversations", {"isGroup": False, "members": [{"id": id}]})
        assert (status, body["id"]) == (201, chat)
    channel = CHANNEL
    new_thread = {"isGroup": True, "channelData": {"channel": {"id": channel}}, "activity": TEXT}
    status, body, _ = await caller.call("POST", "conversations", new_thread)
    assert (status, body["id"]) == (201, f"{channel};messageid={body['activityId']}")
    by_mail = {"members": [{"id": person.mail}]}
    assert (await caller.call("POST", "conversations", by_mail))[0] == 400
    foreign = {"members": [{"id": person.id}], "tenantId": "another"}
    assert (await caller.call("POST", "conversations", foreign))[0] == 403


async def test_members_come_in_both_forms_and_in_pages(caller: Bot) -> None:
    chat = caller.world.company.chats[-1]
    _, members, _ = await caller.call("GET", f"conversations/{chat.id}/members")
    assert {member["objectId"] for member in members} == set(chat.members)
    paged: list[str] = []
    token = ""
    while True:
        path = f"conversations/{chat.id}/pagedmembers?pageSize=2&continuationToken={token}"
        _, page, _ = await caller.call("GET", path)
        paged += [member["aadObjectId"] for member in page["members"]]
        token = page.get("continuationToken", "")
        if not token:
            break
    assert sorted(paged) == sorted(chat.members)
    _, one, _ = await caller.call("GET", f"conversations/{chat.id}/members/{chat.members[0]}")
    assert one["objectId"] == chat.members[0]
    assert (await caller.call("GET", f"conversations/{chat.id}/members/nobody"))[0] == 404


async def test_a_team_and_its_channels(caller: Bot) -> None:
    team = caller.world.company.teams[-1]
    _, details, _ = await caller.call("GET", f"teams/{team.id}")
    assert (details["aadGroupId"], details["name"]) == (team.group_id, team.name)
    _, listed, _ = await caller.call("GET", f"teams/{team.id}/conversations")
    general = next(channel for channel in listed["conversations"] if channel["id"] == team.id)
    assert "name" not in general


async def test_text_with_a_card_becomes_two_messages_without_an_id(caller: Bot, chat: str) -> None:
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard"}}
    assert (await caller.send(chat, {**TEXT, "attachments": [card]}))[:2] == (201, {})
    found = conversation(caller.world, chat)
    assert found is not None
    assert [message.text for message in found.messages] == ["hello", ""]


async def test_what_differs_from_microsofts_swagger_is_recorded(caller: Bot, chat: str) -> None:
    await caller.send(chat, {**TEXT, "suggestedActions": {"actions": [{"type": "imBack", "title": "a", "value": "b"}]}})
    assert connector_state(caller.world).violations == []
    await caller.send(chat, {**TEXT, "textFormat": 7})
    (violation,) = connector_state(caller.world).violations
    assert violation.startswith("Activity.textFormat")


async def test_faults_have_the_documented_body_and_a_cut_request_was_carried_out(caller: Bot, chat: str) -> None:
    faults = caller.world.faults
    faults.append(Fault("connector", "POST *", status=412))
    status, error, _ = await caller.send(chat, TEXT)
    assert (status, error["error"]["code"]) == (412, "PreconditionFailed")
    faults.append(Fault("connector", "POST *", status=429, headers={"Retry-After": "7"}))
    assert (await caller.send(chat, TEXT))[2]["Retry-After"] == "7"
    faults.append(Fault("connector", "POST *", kind="cut"))
    with pytest.raises(aiohttp.ClientError):
        await caller.send(chat, TEXT)
    found = conversation(caller.world, chat)
    assert found is not None
    assert len(found.messages) == 1


async def test_a_targeted_message_needs_a_member(caller: Bot) -> None:
    chat = caller.world.company.chats[-1]
    person = caller.world.person(chat.members[0])
    path = f"conversations/{chat.id}/activities?isTargetedActivity=true"
    assert (await caller.call("POST", path, {**TEXT, "recipient": {"id": person.teams_id}}))[0] == 201
    found = conversation(caller.world, chat.id)
    assert found is not None
    assert found.messages[-1].only_for == person.id
    assert (await caller.call("POST", path, {**TEXT, "recipient": {"id": "29:nobody"}}))[0] == 400
