"""The store goes away while a digest is made: it is kept as it is, paid for once, delivered once, and nobody is told of anything."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest_asyncio

from bot.digests.service import Arranged
from bot.digests.work import Composed, Work
from infra.local.world import World
from tests.bench.composing import compose
from tests.digests.making import QUICK, due, shown, words
from tests.digests.test_delivery import chat_of, ended
from tests.e2e.parley import Parley, parley_running
from tests.postgres import PostgresServer, postgres_server
from tests.store.test_outage import Cable

__all__ = ["postgres_server"]  # a fixture: pytest finds it by this import
AWAY = 4.0
"""Seconds."""


@dataclass
class Held:
    """Asks the model, and then waits for the test: what it said is paid for, and stored nowhere."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def compose(self, work: Work) -> Composed:
        found = await compose(work)
        self.asked.set()
        await self.go_on.wait()
        assert found.outgoing is not None
        return replace(found, outgoing=replace(found.outgoing, text=words(work.run)))


@pytest_asyncio.fixture
async def cable(postgres_server: PostgresServer) -> AsyncIterator[Cable]:
    one = Cable(postgres_server.port)
    await one.connect()
    yield one
    await one.cut()


async def test_what_a_model_was_paid_for_outlives_the_store(
    world: World, tmp_path: Path, postgres_server: PostgresServer, cable: Cable
) -> None:
    address = urlsplit(postgres_server.create("digest_outage"))
    url = address._replace(netloc=f"parley@127.0.0.1:{cable.port}").geturl()
    held = Held()
    made = Arranged(held.compose, QUICK)
    async with parley_running(world, tmp_path, door="claude", digests=made, database_url=url) as parley:
        owner, chat = await chat_of(parley, "Sofia")
        asked = await due(parley.services, owner, chat, rule="")
        await asyncio.wait_for(held.asked.wait(), 30)
        before = len(shown(world))
        await cable.cut()
        held.go_on.set()
        await asyncio.sleep(AWAY)
        assert len(shown(world)) == before, "nothing is sent that is not stored"
        await cable.connect()
        run = await ended(parley.services, asked, "delivered")
        assert (run.why, run.late, run.uncertain) == ("", False, 0)
        assert await _said(parley, chat, before) == [words(run)], "once, and no notice besides"
        assert len(parley.received("claude")) == 1, "what was paid for once is not asked again"
        after = await parley.services.subscriptions.get(asked.id)
        assert after is not None
        assert (after.state, after.why, after.told) == ("ended", "over", "")


async def _said(parley: Parley, chat: str, before: int) -> Sequence[str]:
    """Whatever stands in the chat since then, when nothing more comes."""
    await asyncio.sleep(1.0)
    return [m.text for m in shown(parley.world)[before:] if m.conversation_id == chat]
