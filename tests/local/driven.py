"""A tiny bot on the wire for the driver's own tests: it records what Teams delivers and answers as it is told."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
import jwt
from aiohttp import web

from infra.local import tokens
from infra.local.company.model import Channel, Chat, Group, Team
from infra.local.world import World

GENERAL = "19:drillgeneral@thread.tacv2"
CHANNEL = "19:drillexercises@thread.tacv2"
PRIVATE = "19:drillclosed@thread.tacv2"
GROUP_CHAT = "19:drillchat@thread.v2"
Answer = Callable[["Bot", dict[str, Any]], Awaitable[Any]]


@dataclass
class Bot:
    world: World
    url: str = ""
    got: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    claims: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    token: str = ""

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
        """A Bot Connector call: (status, body, headers)."""
        token = self.token or tokens.mint_app(self.world, "https://api.botframework.com")
        sent = {"Authorization": f"Bearer {token}"} | headers
        url = f"{self.world.urls.service_url}v3/{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, json=body, headers=sent) as response,
        ):
            text = await response.text()
            return response.status, await response.json() if text else None, dict(response.headers)

    async def send(self, conversation: str, body: Any, activity: str = "") -> tuple[int, Any, dict[str, str]]:
        path = f"conversations/{quote(conversation, safe='')}/activities" + (f"/{activity}" if activity else "")
        return await self.call("POST", path, body)

    async def put(self, conversation: str, activity: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        return await self.call("PUT", f"conversations/{quote(conversation, safe='')}/activities/{activity}", body)


def with_places(world: World) -> World:
    """Adds a team with a standard and a private channel and a group chat of its own to the company."""
    people = [person.id for person in world.company.people]
    group = Group("b1c2d3e4-0000-4000-8000-000000000001", "Drill", "drill@example.com", people[:5])
    world.company.groups.append(group)
    world.company.teams.append(Team(GENERAL, group.id, "Drill"))
    world.company.channels += [
        Channel(GENERAL, GENERAL, "General"),
        Channel(CHANNEL, GENERAL, "Exercises"),
        Channel(PRIVATE, GENERAL, "Closed", "private", people[:2]),
    ]
    world.company.chats.append(Chat(GROUP_CHAT, "group", people[:3], "Drill chat"))
    return world


@asynccontextmanager
async def bot(world: World, answer: Answer | None = None) -> AsyncIterator[Bot]:
    """`answer` may return the body of an invoke's answer; None is 202 without a body."""
    server = Bot(world)

    async def messages(request: web.Request) -> web.Response:
        activity = await request.json()
        token = request.headers["Authorization"].removeprefix("Bearer ")
        key = world.bot_keys[-1].private.public_key()
        server.claims.append(jwt.decode(token, key, ["RS256"], audience=world.app_id))
        server.got.append(activity)
        body = await answer(server, activity) if answer else None
        return web.Response(status=202) if body is None else web.json_response(body)

    app = web.Application()
    app.add_routes([web.post("/api/messages", messages)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
