"""A bot in a process of its own beside the local tenant, for what is measured from outside."""

import asyncio
import gc
import json
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from infra.local.company.seed import company
from infra.local.teams import TeamsClient
from infra.local.tenant import running
from infra.local.world import World
from tests.bench.parley import configuration

CLAUDE = "claude=anthropic:claude-sonnet-5"
OAUTH_CARD = "application/vnd.microsoft.card.oauth"


@dataclass(frozen=True, slots=True)
class Running:
    world: World
    teams: TeamsClient
    url: str
    process: psutil.Process

    async def sign_in(self, person: str) -> None:
        """Through single sign-on, as Teams does when it shows the card."""
        card = await self.teams.answer_to(await self.teams.say(person, "sign in"), quiet=0.1)
        status, body = await self.teams.sso(person, card.card(OAUTH_CARD))
        if status != 200:
            raise RuntimeError(f"Nobody could sign in: {status} {body}")

    async def stalls(self) -> dict[str, float]:
        """Seconds, since the last call: {"wall", "cpu"} of the longest stall of the bot's event loop."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/bench/stalls") as response:
            found: dict[str, float] = await response.json()
            return found


@asynccontextmanager
async def spawned(kind: str, sink: str, environ: dict[str, str]) -> AsyncGenerator[tuple[str, int]]:
    """(address, process id) of one of `tests.bench.servers`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.servers", kind, sink, json.dumps(environ),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}", process.pid
    finally:
        process.stdin.close()
        await process.wait()


def quiet_world() -> World:
    """A company whose size does not slow down the process that measures."""
    world = World(company())
    world.state["rates_off"] = True
    gc.collect()
    gc.freeze()
    return world


@asynccontextmanager
async def bot(world: World, **changes: Any) -> AsyncGenerator[Running]:
    """Tenant and bot. `changes` are settings by their names in the environment."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with running(world):
            database = f"sqlite:///{(Path(folder) / 'parley.db').as_posix()}"
            environ = configuration(world, database, BENCH_STALLS="1", **changes)
            async with spawned("sqlite", "", environ) as (url, process), TeamsClient(world, url) as teams:
                yield Running(world, teams, url, psutil.Process(process))
