"""A wire to Graph on its worst day: refusals, silence, broken bodies, things that are gone; everything it did is kept."""

import asyncio
import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlsplit

from graph.client import Call, GraphClient
from graph.documents import Documents
from graph.errors import Unavailable
from graph.wire.asking import Wire
from graph.wire.replies import Reply
from infra.local.world import Fault, World
from tests.graph.conftest import Time

NEVER_SECONDS = 3600.0
GARBAGE: tuple[Any, ...] = (None, 7, "x", [], {}, True, [None], {"value": 3})
BODIES = (
    b"",
    b"null",
    b"[]",
    b"<html>busy</html>",
    b'{"value": ',
    b'{"value": "x"}',
    b'{"value": [null, 7, {}]}',
    b"\xff\xfe\x00",
)
REFUSALS = (400, 401, 403, 404, 404, 409, 410, 410, 423, 500, 502, 503, 504)


@dataclass
class Storm:
    """Draws what becomes of each call. `silent` calls never answer; only the deadline ends the wait for them."""

    seed: int
    failing: float = 0.35
    silent: float = 0.004
    dice: Random = field(init=False)
    drawn: int = 0
    failures: dict[str, int] = field(default_factory=dict[str, int])

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)

    def draw(self) -> str:
        luck = self.dice.random()
        self.drawn += 1
        if luck < self.silent:
            kind = "silent"
        elif luck < self.failing:
            kind = self.dice.choice(("throttled", "refused", "refused", "reset", "body", "mangled", "mangled"))
        else:
            return ""
        self.failures[kind] = self.failures.get(kind, 0) + 1
        return kind

    def mangled(self, body: bytes) -> bytes:
        """The same JSON with something in it replaced or taken away."""
        try:
            value = json.loads(body)
        except ValueError:
            return body[: len(body) // 2]
        for _ in range(self.dice.randint(1, 4)):
            self._mangle(value)
        return json.dumps(value).encode()

    def _mangle(self, value: Any) -> None:
        while True:
            if not isinstance(value, dict | list) or not value:
                return
            key = self.dice.choice(list(value)) if isinstance(value, dict) else self.dice.randrange(len(value))
            if isinstance(value[key], dict | list) and value[key] and self.dice.random() < 0.8:
                value = value[key]
                continue
            if self.dice.random() < 0.3:
                del value[key]
            else:
                value[key] = copy.deepcopy(self.dice.choice(GARBAGE))
            return


@dataclass
class Weather:
    """Between one person's client and the SDK's adapter. `made` is every request that left, as the client should account for it."""

    inner: Wire
    storm: Storm
    made: list[Call] = field(default_factory=list[Call])
    answered: set[str] = field(default_factory=set[str])
    """Request ids of those that the tenant answered."""

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, token: Any, *, max_bytes: int
    ) -> Reply:
        path, status, kind = urlsplit(url).path.removeprefix("/v1.0"), 0, self.storm.draw()
        leaves = False

        async def handed_over() -> str:
            nonlocal leaves
            value: str = await token()
            leaves = True
            return value

        try:
            if kind in {"", "mangled"}:
                reply = await self.inner.send(method, url, headers, body, handed_over, max_bytes=max_bytes)
                self.answered.add(headers["client-request-id"])
                reply = Reply(reply.status, reply.headers, self.storm.mangled(reply.body)) if kind else reply
            else:
                await handed_over()
                reply = await self._failed(kind)
            status = reply.status
            return reply
        finally:
            if leaves:
                self.made.append(Call(method, path, status))

    async def _failed(self, kind: str) -> Reply:
        dice = self.storm.dice
        if kind == "silent":
            await asyncio.sleep(NEVER_SECONDS)
        if kind == "reset":
            raise Unavailable("The connection to Microsoft Graph broke.")
        if kind == "throttled":
            return Reply(dice.choice((429, 429, 503)), {"retry-after": str(dice.choice((0, 1, 2, 5, 90)))}, b"{}")
        if kind == "body":
            return Reply(200, {"content-type": "application/json"}, dice.choice(BODIES))
        return Reply(dice.choice(REFUSALS), {}, dice.choice(BODIES))

    async def aclose(self) -> None:
        await self.inner.aclose()


class Stormy(GraphClient):
    """One person's client; waiting for Microsoft costs no time, silence does."""

    def __init__(self, world: World, storm: Storm, documents: Documents) -> None:
        time = Time()
        self.storm = storm
        self.weather: Weather | None = None
        super().__init__(
            world.urls.graph,
            download_hosts=[world.urls.http.removeprefix("http://")],
            documents=documents,
            monotonic=time.monotonic,
            sleep=time.sleep,
            clock=world.company.today.timestamp,
        )

    async def wire(self) -> Wire:
        if self.weather is None:
            inner = await super().wire()
            self.weather = self.weather or Weather(inner, self.storm)
        return self.weather


class Downloads(list[Fault]):
    """The links that lead to files' bytes fail as well."""

    def __init__(self, storm: Storm) -> None:
        super().__init__()
        self.storm = storm

    def __iter__(self) -> Any:
        kind = self.storm.dice.choice(("", "", "", "status", "reset"))
        if kind:
            status = self.storm.dice.choice((404, 410, 429, 500, 503))
            yield Fault("graph", "GET */download/*", kind="reset" if kind == "reset" else "status", status=status)
