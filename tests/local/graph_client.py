"""Graph's wire alone on a loopback port, and a caller with a token, for the tests of the wire."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from infra.local.graph import routes
from infra.local.graph.table import TABLE
from infra.local.tokens import mint_user
from infra.local.wire import wire_app
from infra.local.world import World

EVERYTHING = sorted({scope for route in TABLE.routes for scope in route.scopes})


@dataclass(slots=True)
class Reply:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def value(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.body["value"]
        return rows


class Wire:
    def __init__(self, world: World, origin: str, session: aiohttp.ClientSession) -> None:
        self.world, self.origin, self.session = world, origin, session

    def token(self, person: str, *scopes: str) -> str:
        return mint_user(self.world, self.world.person(person).id, scopes or EVERYTHING)

    async def send(
        self,
        method: str,
        path: str,
        *,
        person: str = "Sofia",
        scopes: tuple[str, ...] = (),
        json_body: Any = None,
        token: str = "",
        **more: Any,
    ) -> Reply:
        """`path` below /v1.0 as it goes over the wire, or a whole address (next links)."""
        headers = {"Authorization": f"Bearer {token or self.token(person, *scopes)}", **more.pop("headers", {})}
        address = path if path.startswith("http") else f"{self.origin}/v1.0{path}"
        url = URL(address.replace(" ", "%20"), encoded=True)
        options = {"json": json_body} if json_body is not None else {}
        async with self.session.request(
            method, url, headers=headers, allow_redirects=False, **options, **more
        ) as response:
            raw = await response.read()
            kind = response.headers.get("Content-Type", "")
            return Reply(
                response.status, json.loads(raw) if kind.startswith("application/json") else raw, dict(response.headers)
            )

    async def get(self, path: str, person: str = "Sofia", **more: Any) -> Reply:
        return await self.send("GET", path, person=person, **more)

    async def post(self, path: str, body: Any, person: str = "Sofia", **more: Any) -> Reply:
        return await self.send("POST", path, person=person, json_body=body, **more)

    async def search(self, kind: str, text: str, person: str = "Sofia", **request: Any) -> Reply:
        asked = {"entityTypes": [kind], "query": {"queryString": text}, **request}
        return await self.post("/search/query", {"requests": [asked]}, person)

    async def hits(self, kind: str, text: str, person: str = "Sofia", **request: Any) -> list[dict[str, Any]]:
        reply = await self.search(kind, text, person, **request)
        assert reply.status == 200, reply.body
        found: list[dict[str, Any]] = reply.body["value"][0]["hitsContainers"][0].get("hits", [])
        return found


@asynccontextmanager
async def graph_wire(world: World) -> AsyncIterator[Wire]:
    app = web.Application()
    app.add_subapp("/v1.0", wire_app("graph", world, routes(world)))
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        world.urls.http = str(server.make_url("")).rstrip("/")
        yield Wire(world, world.urls.http, session)
