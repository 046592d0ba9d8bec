"""Asked once, answered once: with real processes, real kills, and every activity delivered up to four times."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from bot.store.database import Database
from tests.store.effects import Effects, Worker, all_finished, deliver, effects_server

CONVERSATIONS = 60


@asynccontextmanager
async def two_workers(url: str, key: str) -> AsyncIterator[tuple[Effects, list[Worker]]]:
    async with effects_server() as effects:
        workers = [Worker(url, key, effects.url), Worker(url, key, effects.url)]
        await asyncio.gather(*(worker.start() for worker in workers))
        try:
            yield effects, workers
        finally:
            await asyncio.gather(*(worker.stop() for worker in workers))


async def deliver_all(workers: list[Worker], count: int, dice: random.Random) -> None:
    """Each activity one to four times, in random order, sixteen deliveries at once."""
    deliveries = [number for number in range(count) for _ in range(dice.randint(1, 4))]
    dice.shuffle(deliveries)
    queue = iter(deliveries)
    async with aiohttp.ClientSession() as session:

        async def client() -> None:
            for number in queue:
                conversation = f"c{number % CONVERSATIONS}"
                activity = {"id": f"a{number}", "conversation": conversation, "by_put": number % 4 < 2}
                await deliver(session, workers, activity)

        await asyncio.gather(*(client() for _ in range(16)))


async def test_500_activities_to_two_processes_have_one_effect_each(database: Database, url: str, key: str) -> None:
    count = 500 if url.startswith("postgresql") else 150  # two processes on one SQLite file work, but not fast
    async with two_workers(url, key) as (effects, workers):
        await deliver_all(workers, count, random.Random(1))
        await all_finished(database, 30)
    assert {activity: len(messages) for activity, messages in effects.answers.items()} == {
        f"a{number}": 1 for number in range(count)
    }
    assert not effects.apologies


async def test_kill_9_in_the_middle_loses_nothing_and_repeats_nothing(database: Database, url: str, key: str) -> None:
    dice = random.Random(2)
    async with two_workers(url, key) as (effects, workers):
        delivering = asyncio.create_task(deliver_all(workers, 240, dice))
        for kill in range(3):
            await effects.answered(40 + kill * 60)
            await workers[kill % 2].kill()
            await workers[kill % 2].start()
        await delivering
        await all_finished(database, 30)
    everybody = {f"a{number}" for number in range(240)}
    assert everybody == {*effects.answers, *effects.apologies}, "lost"
    assert [activity for activity, messages in effects.answers.items() if len(messages) > 1] == [], "answered twice"
    assert [activity for activity, count in effects.apologies.items() if count > 1] == [], "apologised twice"
    assert len(effects.apologies) < 40, "only posts that were under way are apologised for"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_turn_that_ends_every_process_is_given_up(database: Database, url: str, key: str) -> None:
    """Killed again and again in the middle of one slow turn: after three attempts the person is told."""
    async with effects_server() as effects:
        worker = Worker(url, key, effects.url)
        await worker.start()
        async with aiohttp.ClientSession() as session:
            await deliver(session, [worker], {"id": "a1", "conversation": "c1", "by_put": True, "deadly": True})
        for _ in range(3):
            await worker.died()
            await worker.start()
        await all_finished(database, 30)
        await worker.stop()
    assert (dict(effects.answers), dict(effects.apologies)) == ({}, {"a1": 1})
