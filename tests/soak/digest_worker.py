"""A bot that makes digests and dies where it is told to: what `tests.soak.digests` starts, kills and starts again."""

import asyncio
import os
import random
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing.connection import Connection

from aiohttp import web

from bot.app import create_app
from bot.digests.pace import Pace
from bot.digests.service import Arranged
from bot.digests.work import Composed, Work
from bot.logs import configure
from bot.services import Services
from bot.settings import Settings, vendor_environment
from bot.store.database import Database
from tests.digests.making import message
from tests.soak.digest_points import Forgetful, Mortal

TICK_SECONDS = 0.5
"""Instead of a minute: what is due is made soon."""


async def compose(work: Work) -> Composed:
    """Takes its time, so that there is something to be killed in."""
    await asyncio.sleep(random.uniform(0.02, 0.2))
    return message(work)


def work(environment: Mapping[str, str], point: str, passes: int, pace: Pace, parent: "Connection[str, str]") -> None:
    """`point`: one of `tests.soak.digest_points.POINTS`, `-` for none, `weak` for a build that forgets what it delivered."""
    os.environ.update(environment)  # noqa: TID251 -- what a process of its own would be started with
    asyncio.run(main(point, passes, pace, parent))


async def main(point: str, passes: int, pace: Pace, parent: "Connection[str, str]") -> None:
    """Until our parent says something, or is not there any more."""
    settings = Settings.from_environment()
    configure(settings.log_level)
    database = await Database.open(settings.database_url, [key.get_secret_value() for key in settings.encryption_keys])
    runs = Forgetful(database) if point == "weak" else Mortal(database, point, passes)
    services: list[Services] = []

    def refine(given: Services) -> Services:
        services.append(replace(given, runs=runs))
        return services[-1]

    arranged = Arranged(compose, pace, stuck_seconds=2.0 if point == "weak" else 60.0)
    app = await create_app(settings, vendor_environment(), refine=refine, digests=arranged)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    parent.send("ready")
    waking = asyncio.create_task(_wake(services[-1]))
    try:
        await asyncio.to_thread(parent.poll, None)
    finally:
        waking.cancel()
        await runner.cleanup()
        await database.aclose()


async def _wake(services: Services) -> None:
    while True:
        services.wake_digests()
        await asyncio.sleep(TICK_SECONDS)
