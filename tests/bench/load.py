"""A load of messages as Teams sends them, and the connector that takes the answers. One process, closed loop."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import psutil
from aiohttp import web

from infra.local.world import SigningKey

APP_ID = "5b7ac3f6-2f1e-4d55-9d0b-9f3f6a2e7c11"
TENANT = "0d1f9d3e-6f0a-4a3e-9a53-3a1f6e8f1c11"


@dataclass
class Sink:
    """OpenID metadata, Entra's token and the connector, all in one; answers release who waits for them."""

    key: SigningKey = field(default_factory=lambda: SigningKey.new(["msteams"]))
    url: str = ""
    tenant: str = TENANT
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    received: int = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/openid", self._openid),
                web.get("/keys", self._keys),
                web.post("/connector/v3/conversations/{conversation}/activities", self._activity),
                web.post("/connector/v3/conversations/{conversation}/activities/{id}", self._activity),
                web.put("/connector/v3/conversations/{conversation}/activities/{id}", self._activity),
            ]
        )
        return app

    def token(self) -> str:
        now = int(time.time())
        return self.key.sign({
            "iss": "https://api.botframework.com", "aud": APP_ID, "iat": now, "nbf": now - 10, "exp": now + 3600,
            "serviceurl": f"{self.url}/connector/",
        })  # fmt: skip

    async def _openid(self, request: web.Request) -> web.Response:
        del request
        signing = {"id_token_signing_alg_values_supported": ["RS256"]}
        return web.json_response({"issuer": "https://api.botframework.com", "jwks_uri": f"{self.url}/keys", **signing})

    async def _keys(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"keys": [self.key.jwk()]})

    async def _activity(self, request: web.Request) -> web.Response:
        await request.read()
        self.received += 1
        waiter = self.waiting.pop(request.match_info["conversation"], None)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        return web.json_response({"id": str(self.received)}, status=201)


@asynccontextmanager
async def sink(tenant: str = TENANT) -> AsyncGenerator[Sink]:
    taker = Sink(tenant=tenant)
    runner = web.AppRunner(taker.app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    taker.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield taker
    finally:
        await runner.cleanup()


def activity(taker: Sink, user: int, number: int, text: str = "hello") -> dict[str, Any]:
    return {
        "type": "message", "id": f"{user}-{number}", "timestamp": "2026-11-22T10:00:00.1Z", "channelId": "msteams",
        "serviceUrl": f"{taker.url}/connector/", "locale": "en-US", "textFormat": "plain", "text": text,
        "from": {"id": f"29:user-{user}", "name": "Ana Ruiz", "aadObjectId": f"00000000-0000-0000-0000-{user:012d}"},
        "recipient": {"id": f"28:{APP_ID}", "name": "Parley"},
        "conversation": {"id": f"a:conversation-{user}", "conversationType": "personal", "tenantId": taker.tenant},
        "entities": [{"type": "clientInfo", "locale": "en-US", "country": "DE", "platform": "Web", "timezone": "Europe/Berlin"}],
        "channelData": {"tenant": {"id": taker.tenant}},
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rate:
    per_second: float
    acknowledged_p50: float
    acknowledged_p99: float
    """Milliseconds until the bot said 2xx."""
    cpu: float
    """Milliseconds of processor time the server spent on a message, all its threads together."""


async def drive(
    taker: Sink,
    bot: str,
    process: int,
    *,
    users: int,
    at_once: int,
    seconds: float,
    others: Sequence[tuple[str, int]] = (),
) -> Rate:
    """`at_once` people wait for an answer at any time; whoever got theirs lets the next of `users` speak.

    The first third of the time is warm-up. `process`: the server's process id, to read its processor time. `others`: (address,
    process id) of further replicas, which get the messages in turn with the first.
    """
    token, times, answered, numbers = taker.token(), list[float](), 0, itertools.count()
    silent = deque(range(users))
    bots = [bot, *(address for address, _ in others)]
    servers = [psutil.Process(id) for id in (process, *(id for _, id in others))]
    started = time.perf_counter()
    measured_from = started + seconds / 3
    ends = started + seconds

    async def talk(session: aiohttp.ClientSession) -> None:
        nonlocal answered
        while time.perf_counter() < ends:
            user, number = silent.popleft(), next(numbers)
            answer = taker.waiting[f"a:conversation-{user}"] = asyncio.get_running_loop().create_future()
            before = time.perf_counter()
            async with session.post(
                f"{bots[number % len(bots)]}/api/messages",
                json=activity(taker, user, number),
                headers={"Authorization": f"Bearer {token}"},
            ) as response:
                if response.status not in {200, 201, 202}:
                    raise RuntimeError(f"The bot answered {response.status}: {(await response.text())[:200]}")
                await response.read()
            acknowledged = time.perf_counter()
            await answer
            silent.append(user)
            if acknowledged > measured_from:
                times.append(1000 * (acknowledged - before))
                answered += 1

    async def spent() -> float:
        await asyncio.sleep(max(0.0, measured_from - time.perf_counter()))
        before = sum(map(processor, servers))
        await asyncio.sleep(max(0.0, ends - time.perf_counter()))
        return sum(map(processor, servers)) - before

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        measuring = asyncio.create_task(spent())
        await asyncio.gather(*(talk(session) for _ in range(at_once)))
        cpu = await measuring
    times.sort()
    took = time.perf_counter() - measured_from
    return Rate(
        answered / took,
        times[len(times) // 2],
        times[min(len(times) - 1, int(len(times) * 0.99))],
        1000 * cpu / max(answered, 1),
    )


def processor(server: psutil.Process) -> float:
    """Seconds of processor time, all threads together."""
    times = server.cpu_times()
    return float(times.user + times.system)
