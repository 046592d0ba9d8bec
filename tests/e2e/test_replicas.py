"""Asked once, answered once, by two real replicas of the bot on one PostgreSQL, also when one of them is killed."""

import asyncio

import pytest

from infra.local.connector_state import connector_state
from infra.local.world import World
from tests.e2e.replicas import Office, office
from tests.postgres import running_postgres
from tests.store.effects import all_finished

BATCH = 60


@pytest.mark.slow
async def test_every_activity_is_answered_once_also_when_a_replica_is_killed(world: World) -> None:
    with running_postgres() as postgres:
        async with office(world, postgres.create("replicas"), most=2 * BATCH, seed=1) as running:
            await _in_peace(running)
            await _with_a_kill(running)
    assert connector_state(world).violations == []


async def _in_peace(running: Office) -> None:
    await running.deliver(running.compose(BATCH))
    await all_finished(running.database, 30)
    found = running.tally()
    assert found.kept, found
    assert (found.answered, found.apologised, found.both, found.given_up, found.remains) == (BATCH, 0, 0, 0, 0)


async def _with_a_kill(running: Office) -> None:
    delivering = asyncio.create_task(running.deliver(running.compose(BATCH)))
    await running.settled(BATCH + BATCH // 3)
    await running.replicas[0].kill()
    await delivering
    await all_finished(running.database, 30)
    found = running.tally()
    assert found.kept, found
    assert found.answered + found.apologised == 2 * BATCH
    assert found.apologised + found.both <= BATCH // 4, "only posts that were under way are apologised for"
