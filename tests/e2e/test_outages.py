"""The store goes away, or its disk is full, while people talk and digests are due: nobody crashes, nothing is lost or told twice."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from infra.local.connector_state import connector_state
from infra.local.postgres import PostgresServer, running_postgres
from infra.local.replica import Replica
from infra.local.world import World
from tests.e2e.digesters import Digesters
from tests.e2e.replicas import Office, hire, office
from tests.store.effects import all_finished

BACK_SECONDS = 10.0
"""From the store's return until everybody is ready; the facts ask for so much."""
TEAMS_SECONDS = 15.0
"""It waits so long for our word and delivers again (bots/build-conversational-capability in msteams-docs: 15 seconds)."""
READERS = 3
HEARTBEAT_SECONDS = 1.0
GRACE_SECONDS = 45.0
"""Platforms give a process half a minute, and then kill it."""


@asynccontextmanager
async def digesting(running: Office, people: Sequence[str]) -> AsyncGenerator[Digesters]:
    digests = Digesters(running.world, running.teams, running.database, people)
    running.apart |= await digests.sign_in()
    yield digests


async def _says(replicas: Sequence[Replica], status: int, seconds: float) -> tuple[float, list[dict[str, object]]]:
    """(seconds until all said this, what they said). Raises TimeoutError."""
    began = time.monotonic()
    async with asyncio.timeout(seconds), aiohttp.ClientSession() as session:
        while True:
            found = await asyncio.gather(*(replica.readiness(session) for replica in replicas))
            if all(one[0] == status for one in found):
                return time.monotonic() - began, [dict(one[1]) for one in found]
            await asyncio.sleep(0.1)


async def test_a_process_ends_when_told_though_its_database_never_comes_back(world: World) -> None:
    with running_postgres(durable=True) as postgres:
        async with office(world, postgres.create("gone"), most=4, seed=5) as running:
            await running.deliver(running.compose(4))
            await all_finished(running.database, 60)
            await asyncio.to_thread(postgres.stop, hard=True)
            await _says(running.replicas, 503, 5.0)
            await asyncio.sleep(2 * HEARTBEAT_SECONDS)  # so that every thread has met it
            for replica in running.replicas:
                replica.tell()
            async with asyncio.timeout(GRACE_SECONDS):
                codes = await asyncio.gather(*(replica.process.wait() for replica in running.replicas))
            assert codes == [0, 0]


async def _outage(world: World, postgres: PostgresServer, seconds: float, messages: int) -> None:
    people = hire(world, READERS, first=9000)
    async with (
        office(world, postgres.create("outage"), most=messages, seed=3) as running,
        digesting(running, people) as digests,
    ):
        delivering = asyncio.create_task(running.deliver(running.compose(messages // 2)))
        await running.settled(messages // 8)
        await digests.ask()
        await asyncio.to_thread(postgres.stop, hard=True)
        _, said = await _says(running.replicas, 503, 5.0)
        assert {(one["status"], one["store"]) for one in said} == {("not ready", "does not answer")}
        more = asyncio.create_task(running.deliver(running.compose(messages // 2)))
        await asyncio.sleep(seconds)
        # Trying to reach the database takes seconds too; Teams waits for fifteen.
        async with asyncio.timeout(TEAMS_SECONDS):
            while not running.statuses[503]:  # noqa: ASYNC110 -- who could not store it says so
                await asyncio.sleep(0.05)
        assert 0 not in running.statuses, "nobody stopped listening"
        alive = [replica.process.returncode for replica in running.replicas]
        assert alive == [None, None]
        await asyncio.to_thread(postgres.start)
        back, _ = await _says(running.replicas, 200, BACK_SECONDS)
        assert back < BACK_SECONDS
        await delivering
        await more
        await all_finished(running.database, 60)
        found, told = running.tally(), await digests.settled(90)
        assert found.kept, found
        assert found.settled == messages
        assert found.apologised + found.both <= messages // 4, "only posts that were under way are apologised for"
        assert told.kept, told
        assert told.states["delivered"] == READERS, told
    assert connector_state(world).violations == []


async def test_postgresql_stops_for_three_seconds(world: World) -> None:
    with running_postgres(durable=True) as postgres:
        await _outage(world, postgres, 3.0, 32)


@pytest.mark.slow
async def test_postgresql_stops_for_thirty_seconds(world: World) -> None:
    with running_postgres(durable=True) as postgres:
        await _outage(world, postgres, 30.0, 120)


if sys.platform == "linux":
    import resource

    async def test_the_disk_is_full_for_a_while(world: World, tmp_path: Path) -> None:
        """No file of the process may grow: SQLite meets what a full disk would tell it."""
        people = hire(world, 1, first=9000)
        url = f"sqlite:///{(tmp_path / 'parley.db').as_posix()}"
        async with (
            office(world, url, most=24, seed=4, count=1) as running,
            digesting(running, people) as digests,
        ):
            await running.deliver(running.compose(8))
            await all_finished(running.database, 30)
            replica = running.replicas[0]
            pid, unlimited = replica.process.pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
            await digests.ask()
            more = asyncio.create_task(running.deliver(running.compose(16)))
            _, said = await _says([replica], 503, 10.0)
            assert (said[0]["status"], said[0]["store"]) == ("not ready", "cannot be written")
            await asyncio.sleep(3.0)
            assert running.statuses[503] > 0
            assert 0 not in running.statuses
            assert replica.process.returncode is None
            resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
            back, _ = await _says([replica], 200, BACK_SECONDS)
            assert back < BACK_SECONDS
            await more
            await all_finished(running.database, 60)
            found, told = running.tally(), await digests.settled(90)
            assert found.kept, found
            assert found.settled == 24
            assert told.kept, told
            assert told.states["delivered"] == 1
        assert connector_state(world).violations == []
