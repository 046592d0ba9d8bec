"""What counts answers must see a broken promise: builds that forget a part of "asked once, answered once" fail the count of `replicas`.

Inbox, turns, answer and connector are the product's, against the local tenant; one method is taken away at a time.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.context import Outgoing, Receipt
from bot.outbound import Outbound, tls_context
from bot.store.database import Database
from bot.store.entry import Entry, State
from bot.store.inbox import Inbox
from bot.teams.activities import incoming
from bot.teams.connector import Connector
from bot.teams.conversation import Office, Roster, TeamsConversation
from bot.teams.displays import Timing
from bot.texts import Texts
from bot.turns import Turns
from infra.local import tokens
from infra.local.connector_gate import AUDIENCE
from infra.local.connector_state import connector_state
from infra.local.teams import TeamsClient
from infra.local.world import World
from tests.e2e.replicas import SAID, Tally, tally
from tests.store.effects import all_finished

LEASE_SECONDS = 0.3


class Hasty(Inbox):
    """Says 2xx before anything is written, and then its process dies."""

    async def admit(self, conversation_id: str, activity_id: str, activity: Mapping[str, Any]) -> None:
        pass


class Forgetful(Inbox):
    """Takes every delivery for a new activity."""

    deliveries = 0

    async def admit(self, conversation_id: str, activity_id: str, activity: Mapping[str, Any]) -> None:
        self.deliveries += 1
        await super().admit(conversation_id, f"{activity_id}-{self.deliveries}", activity)


class Dying(Inbox):
    """As another process sees one that dies right after its post: the turn is never ended, its lease never extended."""

    async def finish(self, entry: Entry, state: State, reply_id: str = "", *, keep: bool = False) -> None:
        await asyncio.Event().wait()

    async def heartbeat(self) -> None:
        pass


class Silent(Dying):
    """Announces no post, and dies after it."""

    async def sending(self, entry: Entry, reply_id: str, state: State = State.SENDING) -> None:
        pass


@dataclass(frozen=True, slots=True)
class AppTokens:
    world: World

    async def connector_token(self) -> str:
        return tokens.mint_app(self.world, AUDIENCE)

    def reject(self, token: str) -> None:
        raise AssertionError("the local tenant takes its own tokens")


@dataclass(frozen=True, slots=True)
class Build:
    """Tenant, people, and a bot that always says the same, through the product's own parts."""

    world: World
    database: Database
    office: Office

    @asynccontextmanager
    async def bot(self, kind: type[Inbox], owner: str) -> AsyncGenerator[Turns]:
        inbox = kind(self.database, owner=owner, lease_seconds=LEASE_SECONDS)
        turns = Turns(inbox, self._answer, self._apologise, sweep_seconds=0.1)
        await turns.start()
        try:
            yield turns
        finally:
            await turns.aclose(grace=0.0)

    async def delivered(self, kind: type[Inbox], times: int) -> Tally:
        """What people saw of one message delivered so often, after `kind` worked on it and another process came upon the rest."""
        self.world.state["rates_off"] = True
        activity = TeamsClient(self.world, "").compose("sofia", "hello")
        place = activity["conversation"]["id"]
        async with self.bot(kind, "weakened") as turns:
            for _ in range(times):
                await turns.admit(place, activity["id"], activity)
            if issubclass(kind, Dying):
                await self.world.wait_for("connector")
                async with self.bot(Inbox, "next"):
                    await all_finished(self.database, 20)
            else:
                await all_finished(self.database, 20)
        return tally([activity], connector_state(self.world).conversations[place].messages)

    async def _answer(self, entry: Entry, receipt: Receipt) -> None:
        await self._say(Outgoing(SAID, model="weakened", ai=True), entry, receipt)

    async def _apologise(self, entry: Entry, receipt: Receipt) -> None:
        await self._say(Outgoing(Texts.of("en")("trouble.interrupted")), entry, receipt)

    async def _say(self, message: Outgoing, entry: Entry, receipt: Receipt) -> None:
        where = incoming(dict(entry.activity)).reference
        await TeamsConversation(where, self.office, receipt).stream().finish(message)


@pytest.fixture
async def build(tenant: World, tmp_path: Path) -> AsyncIterator[Build]:
    loop = asyncio.get_running_loop()
    database = await Database.open(f"sqlite:///{(tmp_path / 'parley.db').as_posix()}", [Fernet.generate_key().decode()])
    outbound = Outbound(tls_context())
    hosts = frozenset({tenant.urls.http.removeprefix("http://")})
    connector = Connector(outbound, AppTokens(tenant), hosts, now=loop.time)
    yield Build(tenant, database, Office(connector, Roster(connector, now=loop.time), Timing()))
    await outbound.aclose()
    await database.aclose()


async def test_as_it_is_built_one_message_has_one_answer(build: Build) -> None:
    found = await build.delivered(Inbox, times=3)
    assert (found.kept, found.answered, found.both) == (True, 1, 0)


async def test_as_it_is_built_a_death_after_the_post_costs_an_apology(build: Build) -> None:
    found = await build.delivered(Dying, times=1)
    assert (found.kept, found.answered, found.both) == (True, 1, 1)


async def test_without_durability_the_count_says_lost(build: Build) -> None:
    found = await build.delivered(Hasty, times=1)
    assert (found.kept, len(found.lost)) == (False, 1)


async def test_without_dedupe_the_count_says_twice(build: Build) -> None:
    found = await build.delivered(Forgetful, times=2)
    assert (found.kept, len(found.twice)) == (False, 1)


async def test_without_announcement_the_count_says_twice(build: Build) -> None:
    found = await build.delivered(Silent, times=1)
    assert (found.kept, len(found.twice)) == (False, 1)
