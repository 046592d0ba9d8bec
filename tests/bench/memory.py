"""Memory of an idle bot, and of a conversation whose answer is being written."""

import asyncio
import logging
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psutil

from infra.local.tenant import running
from infra.local.world import Fault
from tests.bench.load import Sink, activity, sink
from tests.bench.parley import configuration
from tests.bench.running import CLAUDE, quiet_world, spawned

CONVERSATIONS = 500
HANGS = 20.0
"""Seconds the model keeps everybody waiting."""


@dataclass(frozen=True, slots=True)
class Memory:
    idle: float
    """MB resident, after one answer."""
    conversation: float
    """KB a conversation that waits for its model."""
    waiting: int


async def measure() -> Memory:
    world = quiet_world()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with running(world), sink(world.company.tenant_id) as taker, aiohttp.ClientSession() as session:
            environ = configuration(
                world, f"sqlite:///{(Path(folder) / 'parley.db').as_posix()}", MODELS=CLAUDE,
                SERVICE_URL_HOSTS=urlsplit(taker.url).netloc, BOT_OPENID_METADATA_URL=f"{taker.url}/openid",
            )  # fmt: skip
            async with spawned("sqlite", taker.url, environ) as (url, id):
                process = psutil.Process(id)
                await _say(session, taker, url, 0)
                await _settled(lambda: taker.received)
                idle = process.memory_info().rss
                world.faults[:] = [Fault("claude", kind="delay", seconds=HANGS, times=2 * CONVERSATIONS)]
                for number in range(1, CONVERSATIONS + 1):
                    await _say(session, taker, url, number)
                waiting = await _settled(lambda: 2 * CONVERSATIONS - world.faults[0].times)
                grown = process.memory_info().rss - idle
                return Memory(idle / 2**20, grown / 1024 / max(waiting, 1), waiting)


async def _settled(count: Callable[[], int]) -> int:
    """What it counts once it stops growing."""
    now, before = count(), -1
    while now != before:
        await asyncio.sleep(1.0)
        now, before = count(), now
    return now


async def _say(session: aiohttp.ClientSession, taker: Sink, url: str, user: int) -> None:
    headers = {"Authorization": f"Bearer {taker.token()}"}
    async with session.post(f"{url}/api/messages", json=activity(taker, user, 1), headers=headers) as response:
        response.raise_for_status()


async def main() -> None:
    # The bot is stopped while its models still hang, which the local tenant would complain about 500 times.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    memory = await measure()
    print("\nMemory (resident)")
    print(f"idle, after one answer                      {memory.idle:6.0f} MB")
    print(f"a conversation that waits for its model     {memory.conversation:6.0f} KB ({memory.waiting} at once)")


if __name__ == "__main__":
    asyncio.run(main())
