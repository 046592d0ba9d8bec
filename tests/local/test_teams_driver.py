"""The driver is Teams to a bot: activities in Teams' form, and the answer as the person sees it."""

import asyncio
from typing import Any

import jwt
import pytest

from infra.local import tokens
from infra.local.botframework import roll
from infra.local.company.model import Person
from infra.local.connector_state import personal_chat
from infra.local.teams import Refused, TeamsClient, channel_token, sso_token
from infra.local.world import World
from tests.local.driven import CHANNEL, GENERAL, GROUP_CHAT, Bot, bot, with_places

LABEL = {"type": "https://schema.org/Message", "@type": "Message", "additionalType": ["AIGeneratedContent"]}
CITED = LABEL | {
    "citation": [{"@type": "Claim", "position": 1, "appearance": {"name": "Plan.docx", "url": "https://a/"}}]
}


@pytest.fixture
def who(tenant: World) -> Person:
    with_places(tenant)
    return tenant.company.people[0]


async def echo(server: Bot, activity: dict[str, Any]) -> None:
    reply = {"type": "message", "text": f"You said {activity['text']} [1]", "entities": [CITED]}
    await server.send(activity["conversation"]["id"], reply, activity["id"])


async def test_a_personal_message_has_teams_form_and_a_verifiable_token(tenant: World, who: Person) -> None:
    async with bot(tenant) as server:
        await TeamsClient(tenant, server.url).say(who.mail, "plan <my> week")
    (activity,), (claims,) = server.got, server.claims
    assert activity["conversation"] == {
        "conversationType": "personal",
        "tenantId": tenant.company.tenant_id,
        "id": personal_chat(tenant, who),
    }
    assert (activity["from"]["aadObjectId"], activity["recipient"]["id"]) == (who.id, tenant.bot_channel_id)
    assert activity["text"] == "plan <my> week"
    html = {"contentType": "text/html", "content": "<div>plan &lt;my&gt; week</div>"}
    assert activity["attachments"] == [html]
    (client,) = activity["entities"]
    assert (client["type"], client["timezone"]) == ("clientInfo", who.timezone)
    assert activity["serviceUrl"] == claims["serviceurl"] == tenant.urls.service_url


async def test_in_a_channel_the_bot_is_mentioned_and_a_thread_begins(tenant: World, who: Person) -> None:
    async with bot(tenant) as server:
        teams = TeamsClient(tenant, server.url)
        root = await teams.say(who.id, "summarise", CHANNEL)
        again = await teams.say(who.id, "more", CHANNEL, thread=root["id"])
        chat = await teams.say(who.id, "hello", "Drill chat")
    assert root["conversation"]["id"] == again["conversation"]["id"] == f"{CHANNEL};messageid={root['id']}"
    assert root["text"] == f"<at>{tenant.bot_name}</at> summarise"
    assert root["entities"][0]["mentioned"]["id"] == tenant.bot_channel_id
    assert root["channelData"]["team"] == {"id": GENERAL}
    assert (chat["conversation"]["id"], chat["conversation"]["conversationType"]) == (GROUP_CHAT, "groupChat")
    assert "team" not in chat["channelData"]


@pytest.mark.parametrize("place", ["personal", CHANNEL, GROUP_CHAT])
async def test_the_answer_is_found_in_its_conversation(tenant: World, who: Person, place: str) -> None:
    async with bot(tenant, echo) as server:
        teams = TeamsClient(tenant, server.url)
        first, second = await teams.say(who.id, "one", place), await teams.say(who.id, "two", place)
        answers = [await teams.answer_to(activity) for activity in (second, first)]
    assert [answer.text.split()[-2] for answer in answers] == ["two", "one"]
    assert answers[0].ai_label
    assert answers[0].citations == [{"position": 1, "name": "Plan.docx", "url": "https://a/"}]


async def test_an_answer_in_the_making_is_waited_for(tenant: World, who: Person) -> None:
    async def slow(server: Bot, activity: dict[str, Any]) -> None:
        id = activity["conversation"]["id"]
        _, body, _ = await server.send(id, {"type": "message", "text": "Looking"}, activity["id"])

        async def finish() -> None:
            await asyncio.sleep(0.1)
            await server.put(id, body["id"], {"type": "message", "text": "Three.", "entities": [LABEL]})

        tasks.append(asyncio.create_task(finish()))

    tasks: list[asyncio.Task[None]] = []
    async with bot(tenant, slow) as server:
        teams = TeamsClient(tenant, server.url)
        answer = await teams.answer_to(await teams.say(who.id, "how many?", GROUP_CHAT))
        await asyncio.gather(*tasks)
    assert (answer.text, answer.updates) == ("Three.", ("Looking",))


async def test_a_plain_answer_is_final_when_nothing_follows_and_silence_is_noticed(tenant: World, who: Person) -> None:
    async def plain(server: Bot, activity: dict[str, Any]) -> None:
        if "help" in activity["text"]:
            await server.send(activity["conversation"]["id"], {"type": "message", "text": "Ask me."})

    async with bot(tenant, plain) as server:
        teams = TeamsClient(tenant, server.url)
        assert (await teams.answer_to(await teams.say(who.id, "help"), quiet=0.1)).text == "Ask me."
        ignored = await teams.say(who.id, "psst")
        assert await teams.silence_after(ignored, 0.1)
        with pytest.raises(TimeoutError):
            await teams.answer_to(ignored, timeout=0.1)


async def test_single_sign_on_hands_over_a_token_for_the_app(tenant: World, who: Person) -> None:
    async def exchange(_server: Bot, activity: dict[str, Any]) -> Any:
        return {"id": activity["value"]["id"]}

    card = {"content": {"connectionName": "graph", "tokenExchangeResource": {"id": "resource"}}}
    async with bot(tenant, exchange) as server:
        status, body = await TeamsClient(tenant, server.url).sso(who.id, card)
    (activity,) = server.got
    assert (status, body) == (200, {"id": "resource"})
    assert (activity["type"], activity["name"]) == ("invoke", "signin/tokenExchange")
    caller = tokens.verify(tenant, activity["value"]["token"], {tenant.app_id})
    assert (caller.person_id, caller.scopes) == (who.id, frozenset({"access_as_user"}))


async def test_clicks_reactions_edits_and_deletions(tenant: World, who: Person) -> None:
    async with bot(tenant, None) as server:
        teams = TeamsClient(tenant, server.url)
        said = await teams.say(who.id, "one", CHANNEL)
        await echo(server, said)
        (answer,) = teams.seen(said["conversation"]["id"])
        await teams.feedback(who.id, answer, "like")
        await teams.react(who.id, answer, "heart")
        await teams.edit(who.id, said, "two")
        await teams.delete(who.id, said)
        await teams.submit(who.id, {"verb": "approve"}, answer.id, CHANNEL)
    feedback, reaction, edited, deleted, click = server.got[1:]
    assert {activity["conversation"]["id"] for activity in server.got} == {said["conversation"]["id"]}
    assert feedback["value"]["actionValue"]["reaction"] == "like"
    assert (reaction["reactionsAdded"], reaction["replyToId"]) == ([{"type": "heart"}], answer.id)
    assert (edited["id"], edited["text"]) == (said["id"], f"<at>{tenant.bot_name}</at> two")
    assert deleted["channelData"]["eventType"] == "softDeleteMessage"
    assert (click["value"], click["replyToId"]) == ({"verb": "approve"}, answer.id)
    assert "text" not in click


async def test_an_installation_is_two_activities(tenant: World, who: Person) -> None:
    async with bot(tenant) as server:
        teams = TeamsClient(tenant, server.url)
        await teams.install(who.id, CHANNEL)
        await teams.install(who.id, added=False)
    assert (
        sorted(activity["type"] for activity in server.got) == ["conversationUpdate"] * 2 + ["installationUpdate"] * 2
    )
    added = next(activity for activity in server.got if activity.get("action") == "add")
    assert added["channelData"]["team"]["aadGroupId"] == tenant.company.teams[-1].group_id


async def test_one_activity_can_be_delivered_many_times_to_many_processes(tenant: World, who: Person) -> None:
    async with bot(tenant) as first, bot(tenant) as second, TeamsClient(tenant, first.url) as teams:
        activity = teams.compose(who.id, "once")
        urls = [f"{server.url}/api/messages" for server in (first, second)]
        assert len(await teams.deliver(activity, times=3, urls=urls)) == 6
    assert [got["id"] for got in first.got + second.got] == [activity["id"]] * 6


async def test_a_bot_that_refuses_is_an_error(tenant: World, who: Person) -> None:
    async with bot(tenant) as server:
        with pytest.raises(Refused):
            await TeamsClient(tenant, f"{server.url}/elsewhere").say(who.id, "hello")


def test_tokens_can_be_bent_for_tests_of_the_endpoint(world: World) -> None:
    token = channel_token(world, "https://evil.example/", aud="another", exp=None)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["serviceurl"], claims["aud"]) == ("https://evil.example/", "another")
    assert "exp" not in claims
    old = world.bot_keys[-1].kid
    assert jwt.get_unverified_header(channel_token(world))["kid"] == old
    assert jwt.get_unverified_header(channel_token(world))["kid"] != roll(world).kid
    assert tokens.verify(world, sso_token(world, world.company.people[0].id), {world.app_id}).scopes
