"""The product as the benchmarks run it: the real app, its settings from the local tenant, Teams' tenant-wide limit lifted."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from cryptography.fernet import Fernet

from bot.app import create_app
from bot.settings import VENDOR_PREFIXES, Settings
from bot.teams.displays import Timing
from infra.local.tenant import environment
from infra.local.world import World

AT_ONCE = Timing(status_delay=0.0, text_delay=0.0, stream_interval=0.0, stream_gap=0.0, edit_interval=0.0, edit_gap=0.0)
TICK = 0.005
"""Seconds between two looks at the event loop."""


def configuration(world: World, database_url: str, **changes: str) -> dict[str, str]:
    """The environment of a bot of that tenant. The bot's own token is real: MSAL fetches it from the tenant's Entra."""
    return {
        **environment(world),
        "DATABASE_URL": database_url,
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "MODELS": "offline=offline:offline-quotes",
        "LOG_LEVEL": "WARNING",
        "MODEL_LISTS": "0",
        **changes,
    }


def settings(environ: Mapping[str, str]) -> Settings:
    given: dict[str, Any] = {
        name.lower(): value for name, value in environ.items() if not name.startswith(VENDOR_PREFIXES)
    }
    return Settings(**given)


def vendors(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(VENDOR_PREFIXES)}


async def parley_app(environ: Mapping[str, str]) -> web.Application:
    """Teams' limit for one conversation holds as in production; the limit for the whole tenant (50 calls a second) is lifted.

    `BENCH_STALLS` set: the event loop is watched, which costs as much as a twentieth of a message where many are measured.
    `BENCH_TIMING` set: everything is shown the moment it is known, to see the bot's own delay behind Teams' rhythm.
    """
    timing = AT_ONCE if environ.get("BENCH_TIMING") else None
    app = await create_app(settings(environ), vendors(environ), tenant_windows=(), timing=timing)
    if environ.get("BENCH_STALLS"):
        app.cleanup_ctx.append(_stalls)
        app.router.add_get("/bench/stalls", _longest_stall)
    return app


@dataclass(slots=True)
class Stalls:
    """The longest time since the last question in which the event loop ran nobody else, in seconds."""

    wall: float = 0.0
    cpu: float = 0.0
    """Of it on the processor: a busy machine stalls everybody, our own code only itself."""

    async def watch(self) -> None:
        while True:
            began, worked = time.perf_counter(), time.thread_time()
            await asyncio.sleep(TICK)
            cpu = time.thread_time() - worked
            # Many short steps in a row use the processor without keeping anybody waiting.
            stalled = time.perf_counter() - began - TICK
            if stalled > self.wall:
                self.wall, self.cpu = stalled, min(cpu, stalled)


_STALLS = web.AppKey("stalls", Stalls)


async def _stalls(app: web.Application) -> AsyncIterator[None]:
    app[_STALLS] = Stalls()
    watching = asyncio.create_task(app[_STALLS].watch())
    yield
    watching.cancel()


async def _longest_stall(request: web.Request) -> web.Response:
    stalls = request.app[_STALLS]
    answer = web.json_response({"wall": stalls.wall, "cpu": stalls.cpu})
    stalls.wall = stalls.cpu = 0.0
    return answer
