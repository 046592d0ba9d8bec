"""What stands between the bot and the Playground passes everything on, suggestions apart, and names the answer of a thumb."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from infra.local.company.questions import DEMO_QUESTIONS
from infra.local.company.seed import company
from infra.local.playground import config, free_port
from infra.local.playground_connector import CONNECTOR, MESSAGES, NEXT, PERSONAL, between
from infra.local.world import World

Seen = list[tuple[str, str, Any]]
CHANNEL = "19:heron@thread.tacv2;messageid=7"
ANSWER = {
    "type": "message",
    "text": "Yes. [1]",
    "channelData": {"feedbackLoop": {"type": "default"}},
    "suggestedActions": {"actions": [{"type": "imBack", "title": "Sources", "value": "Sources"}]},
}


async def server(stack: AsyncExitStack, seen: Seen) -> str:
    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        seen.append((request.method, request.path, json.loads(body) if body else None))
        return web.json_response({"id": f"m{len(seen)}"}, status=201)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", take)
    running = TestServer(app)
    await running.start_server()
    stack.push_async_callback(running.close)
    return str(running.make_url("")).rstrip("/")


@pytest.fixture
async def wire() -> AsyncIterator[tuple[str, aiohttp.ClientSession, Seen, Seen]]:
    playground: Seen = []
    bot: Seen = []
    async with AsyncExitStack() as stack:
        ui, app = await server(stack, playground), await server(stack, bot)
        origin = await stack.enter_async_context(between(free_port(), playground=ui, bot=app))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield origin, session, playground, bot


async def test_suggestions_travel_apart_and_a_thumb_finds_its_answer(
    wire: tuple[str, aiohttp.ClientSession, Seen, Seen],
) -> None:
    origin, session, playground, bot = wire
    stream = {"entities": [{"type": "streaminfo", "streamId": "s1", "streamType": "final"}]}
    async with session.post(f"{origin}{CONNECTOR}/v3/conversations/{PERSONAL}/activities", json=ANSWER | stream):
        pass
    (_, _, answer), (_, path, apart) = playground
    assert answer | {"suggestedActions": ANSWER["suggestedActions"]} == ANSWER | stream
    assert "suggestedActions" not in answer
    assert path.endswith(f"/{PERSONAL}/activities")
    assert (apart["text"], apart["suggestedActions"]) == (NEXT, ANSWER["suggestedActions"])

    where = f"{origin}{CONNECTOR}/v3/conversations/{CHANNEL.replace(';', '%3B')}/activities"
    async with session.put(f"{where}/m9", json=ANSWER) as changed:
        assert changed.status == 201
    assert len(playground) == 3, "nothing apart where others read along"
    async with session.get(f"{where}/m9/members"):
        pass
    assert playground[-1] == ("GET", f"{CONNECTOR}/v3/conversations/{CHANNEL}/activities/m9/members", None)

    rated = {
        "name": "message/submitAction",
        "conversation": {"id": PERSONAL},
        "value": {"actionName": "feedback", "actionValue": {"reaction": "dislike", "feedback": "wrong"}},
    }
    async with session.post(f"{origin}{MESSAGES}", json=rated):
        pass
    (_, _, thumb) = bot[0]
    assert thumb["replyToId"] == "s1"
    assert json.loads(thumb["value"]["actionValue"]["feedback"]) == {"feedbackText": "wrong"}


def test_the_demos_person_has_a_team_and_a_group_chat() -> None:
    world = World(company())
    given: Any = config(world, world.person(DEMO_QUESTIONS[0].person_id))
    assert len(given["users"]) == 5
    assert given["team"]["channels"]
