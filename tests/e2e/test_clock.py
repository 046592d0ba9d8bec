"""Clocks jump: the database's, and that of the wall by which digests are due. Nothing is lost, nothing comes twice.

What a database's clock does to what it stored is what moving the stored times the other way does: real replicas meet that here.
"""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from bot.digests.service import Arranged
from bot.store.run import Run
from bot.store.subscriptions import Subscription
from infra.local.connector_state import connector_state
from infra.local.world import World
from tests.conftest import fresh_world
from tests.digests.making import QUICK, Scripted, due, shown, words
from tests.digests.test_delivery import chat_of, ended
from tests.e2e.parley import Parley, parley_running
from tests.e2e.replicas import office
from tests.e2e.test_leaving import slowly
from tests.postgres import PostgresServer, postgres_server
from tests.store.effects import all_finished

__all__ = ["postgres_server"]  # a fixture: pytest finds it by this import

DAY, HOUR = 86400, 3600
PEOPLE = 16


@pytest.mark.parametrize("jump", [DAY, -HOUR], ids=["a day ahead", "an hour back"])
async def test_the_databases_clock_jumps_while_answers_are_written(
    world: World, postgres_server: PostgresServer, jump: int
) -> None:
    """And one of two replicas dies right then: its leases must neither be everybody's nor last for an hour."""
    name = f"clock{abs(jump)}"
    async with office(world, postgres_server.create(name), most=PEOPLE, seed=5) as running:
        batch = running.chats(PEOPLE, slowly)
        half = len(batch) // 2
        for replica, some in zip(running.replicas, (batch[:half], batch[half:]), strict=True):
            await asyncio.gather(*(running.teams.deliver(one, urls=[replica.url]) for one in some))
        await asyncio.sleep(1.0)
        await asyncio.to_thread(
            postgres_server.sql,
            f"BEGIN; UPDATE leases SET expires = expires - {jump}; UPDATE executors SET beat = beat - {jump}; COMMIT",
            name,
        )
        await running.replicas[0].kill()
        await all_finished(running.database, 40)
        found = running.tally()
        assert found.kept, found
        assert found.settled == PEOPLE
        assert found.answered >= PEOPLE - half // 2
        assert found.both == 0
    assert connector_state(world).violations == []


async def _second(parley: Parley, asked: Subscription) -> list[Run]:
    async with asyncio.timeout(20):
        while True:
            runs = await parley.services.runs.of_subscription(asked.id, 9)
            if [run.state for run in runs] == ["delivered"] * 2:
                return runs
            await asyncio.sleep(0.05)


async def test_the_clock_on_the_wall_jumps_between_two_digests(tmp_path: Path) -> None:
    """A day ahead brings one of the days between, late; an hour back brings none again."""
    world, scripted = fresh_world(), Scripted()
    arranged = Arranged(scripted.compose, QUICK)
    async with parley_running(world, tmp_path, refine=scripted.refine, digests=arranged) as parley:
        owner, chat = await chat_of(parley, "Sofia")
        asked = await due(parley.services, owner, chat)
        first = await ended(parley.services, asked, "delivered")
        scripted.clock.ahead += timedelta(days=1, minutes=1).total_seconds()
        parley.services.wake_digests()
        runs = await _second(parley, asked)
        for jump in (timedelta(hours=-1), timedelta(minutes=30), timedelta(hours=-25)):
            scripted.clock.ahead += jump.total_seconds()
            parley.services.wake_digests()
            await asyncio.sleep(0.3)
        again = await parley.services.runs.of_subscription(asked.id, 9)
        assert {run.slot for run in again} == {run.slot for run in runs}
        said = Counter(one.text for one in shown(world) if one.text.startswith("Digest "))
        assert said[words(first)] == 1
        assert list(said.values()) == [1, 1]
