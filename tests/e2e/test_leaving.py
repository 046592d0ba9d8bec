"""SIGTERM under fifty answers: each is finished or handed over, what comes meanwhile is stored, nothing is lost or told twice."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from infra.local.connector_state import connector_state
from infra.local.vendors.script import Reply
from infra.local.world import World
from tests.e2e.replicas import SAID, Office, office
from tests.postgres import PostgresServer, postgres_server
from tests.store.effects import all_finished

__all__ = ["postgres_server"]  # a fixture: pytest finds it by this import

STREAMS = 50
LATER = 10


def slowly() -> Reply:
    """Streams for about three seconds."""
    return Reply(SAID, chunk=8, delay=0.3, wire="claude")


async def _streaming(running: Office) -> None:
    """Fifty people are told something by the first replica at this moment."""
    batch = running.chats(STREAMS, slowly)
    first = running.replicas[0].url
    await asyncio.gather(*(running.teams.deliver(activity, urls=[first]) for activity in batch))
    places = [activity["conversation"]["id"] for activity in batch]

    def begun() -> int:
        seen = (connector_state(running.world).conversations.get(place) for place in places)
        return sum(any(m.author == "bot" and m.text for m in found.messages) for found in seen if found)

    async with asyncio.timeout(30), running.world.changed:
        await running.world.changed.wait_for(lambda: begun() > STREAMS // 2)


async def test_another_replica_takes_what_comes_and_what_runs_is_finished(
    world: World, postgres_server: PostgresServer
) -> None:
    url = postgres_server.create("leaving")
    async with office(world, url, most=STREAMS + LATER, seed=1) as running, aiohttp.ClientSession() as session:
        await _streaming(running)
        leaving = running.replicas[0]
        leaving.tell()
        while (found := await leaving.readiness(session))[0] == 200:  # noqa: ASYNC110 -- another process changes it
            await asyncio.sleep(0.02)
        assert found == (503, {**found[1], "status": "stopping", "store": "answers"})
        late = running.chats(LATER, slowly)
        answers = [await running.teams.post(activity, url=leaving.url) for activity in late]
        assert {status for status, _ in answers} == {202}
        assert await leaving.stop() == 0
        await all_finished(running.database, 40)
        found_out = running.tally()
        assert found_out.kept, found_out
        assert (found_out.answered, found_out.apologised, found_out.both, found_out.remains) == (
            STREAMS + LATER,
            0,
            0,
            0,
        )
    assert connector_state(world).violations == []


@pytest.mark.parametrize("alone", [False, True])
async def test_a_second_signal_hands_over_at_once(
    world: World, postgres_server: PostgresServer, tmp_path: Path, *, alone: bool
) -> None:
    """To the other replica; alone, to the next start, on SQLite."""
    url = f"sqlite:///{(tmp_path / 'parley.db').as_posix()}" if alone else postgres_server.create("hurried")
    async with office(world, url, most=STREAMS, seed=2, count=1 if alone else 2, GRACE_SECONDS="600") as running:
        await _streaming(running)
        leaving = running.replicas[0]
        leaving.tell()
        await asyncio.sleep(0.2)
        leaving.tell()
        assert await leaving.stop() == 0
        finished_there = running.tally().answered
        assert finished_there < STREAMS, "or nothing was handed over"
        if alone:
            await leaving.start()
        await all_finished(running.database, 40)
        found = running.tally()
        assert found.kept, found
        assert found.answered + found.apologised == STREAMS
        assert found.apologised <= STREAMS // 10, "only a post that was under way is apologised for"
    assert connector_state(world).violations == []
