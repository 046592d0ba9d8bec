"""`make replicas`: as in production, on this machine alone: replicas on a PostgreSQL behind one address, and the local tenant."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet

from infra.local.company.seed import company
from infra.local.front import fronting
from infra.local.postgres import free_port, running_postgres
from infra.local.replica import Replica
from infra.local.tenant import environment, running
from infra.local.world import World

READY = "Everything runs."
"""The last line at the start; a test waits for it."""


@dataclass(frozen=True, slots=True)
class Running:
    world: World
    front: str
    """Where Teams delivers; also the origin of the sign-in page."""
    replicas: tuple[Replica, ...]
    database: str


@asynccontextmanager
async def deployed(world: World, *, count: int, port: int = 0, durable: bool = True) -> AsyncGenerator[Running]:
    """All of it, stopped in the opposite order at the end. `port`: of the front; 0 for a free one."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(world))
        postgres = await asyncio.to_thread(stack.enter_context, running_postgres(durable=durable))
        database, front = postgres.create("parley"), port or free_port()
        settings = {
            **environment(world), "DATABASE_URL": database, "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "MODELS": "offline=offline:offline-quotes", "LOG_LEVEL": "WARNING", "PUBLIC_URL": f"http://127.0.0.1:{front}",
        }  # fmt: skip
        replicas = tuple(Replica(settings) for _ in range(count))
        for replica in replicas:
            stack.push_async_callback(replica.stop)
        await asyncio.gather(*(replica.start() for replica in replicas))
        origin = await stack.enter_async_context(fronting([replica.origin for replica in replicas], front))
        world.state["bot_url"] = origin
        yield Running(world, origin, replicas, database)


def told(here: Running) -> str:
    control = f"{here.world.urls.http}/control"
    lines = [f"Teams delivers to   {here.front}/api/messages, in turn to"]
    lines += [f"  replica {number}         {replica.origin}/readyz" for number, replica in enumerate(here.replicas, 1)]
    lines += [
        f"PostgreSQL          {here.database}",
        f"The local tenant    {control}",
        "Say something:",
        f"""  curl -s {control}/say -d '{{"person": "Sofia", "text": "help", "timeout": 20}}'""",
        f"{READY} Ctrl+C stops it.",
    ]
    return "\n".join(lines)


async def main(given: argparse.Namespace) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(*_: Any) -> None:
        loop.call_soon_threadsafe(ended.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    async with deployed(World(company()), count=given.replicas, port=given.port) as here:
        print(told(here), flush=True)
        await ended.wait()
        print("Stopping: what is under way is finished.", flush=True)
    print("Stopped.")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.replicas",
        description="Replicas of the bot on their own PostgreSQL, behind one address, with the local tenant. No docker.",
    )
    parser.add_argument("--replicas", type=int, default=2, metavar="N")
    parser.add_argument("--port", type=int, default=3978, help="of the one address; 0 picks a free one")
    return parser.parse_args()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(arguments()))
    sys.exit(0)
