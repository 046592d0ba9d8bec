"""What the tests about places ask of a running Parley besides `tests.e2e.parley`: its store, and what a model was given."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.services import Services
from infra.local.entra_state import entra_state
from infra.local.teams import SeenMessage
from infra.local.vendors.script import Reply
from tests.conftest import fresh_world
from tests.e2e.parley import Parley, parley_running

HERON = "What is the telemetry interval of the HRN-200?"


def patient(services: Services) -> Services:
    """A busy machine must not change what is found."""
    return replace(services, search_seconds=90.0)


@dataclass(slots=True)
class Talk:
    parley: Parley
    database: Path

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(statement, values).fetchall()

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    def asked(self, since: int = 0) -> str:
        """All that models were given."""
        bodies = [request.body for request in self.parley.received("claude", since=since)]
        return json.dumps(bodies, ensure_ascii=False)

    @property
    def now(self) -> int:
        return len(self.parley.world.record)

    async def answered(self, person: str, text: str, chat: str, reply: str, **more: Any) -> SeenMessage:
        """Asks a model that says `reply`."""
        self.parley.world.state["script"] = [Reply(text=reply)]
        return await self.parley.ask(person, text, chat, **more)

    async def shown(self, conversation_id: str, words: str) -> SeenMessage:
        """A message of the bot with these words in its text or card, once it is there."""
        world = self.parley.world

        def found() -> SeenMessage | None:
            return next((m for m in self.parley.teams.seen(conversation_id) if words in str(m.activity)), None)

        async with world.changed:
            await world.changed.wait_for(lambda: found() is not None)
        message = found()
        assert message is not None
        return message

    async def becomes(self, count: int, statement: str, *values: Any) -> None:
        """Waits until a statement counts this many rows. Raises TimeoutError."""
        async with asyncio.timeout(20):
            while self.rows(statement, *values) != [(count,)]:  # noqa: ASYNC110 -- a database file has no event
                await asyncio.sleep(0.01)

    async def heard(self, count: int) -> None:
        await self.becomes(count, "SELECT count(*) FROM heard")

    def consent(self, person: str, *scopes: str) -> None:
        """To these permissions only."""
        entra_state(self.parley.world).consents[self.parley.world.person(person).id] = set(scopes)


@asynccontextmanager
async def talking(folder: Path) -> AsyncGenerator[Talk]:
    async with parley_running(fresh_world(), folder, door="claude", refine=patient) as parley:
        yield Talk(parley, folder / "parley.db")
