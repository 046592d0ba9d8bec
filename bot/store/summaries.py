"""What stands for the turns of a conversation that are too old to be sent whole, and what people pinned in it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.person_keys import Owned
from bot.store.upsert import upsert


class Summaries:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.summaries

    async def save(self, conversation_id: str, upto: int, summary: Mapping[str, Any], *, person_id: str = "") -> None:
        """`upto`: the `seq` of the last turn it covers. `summary` is JSON. Replaces the one before.

        `person_id`: the only one in this conversation; empty where there are others.
        """
        key = {"conversation_id": conversation_id}
        values = {"upto": upto, "summary": Owned(person_id, dict(summary)), "updated": DatabaseNow()}
        await self._database.own([person_id])
        async with self._database.write() as connection:
            await connection.execute(upsert(self._database.dialect, self._table, key, values))

    async def load(self, conversation_id: str) -> tuple[int, Mapping[str, Any]]:
        """(upto, summary); (0, {}) when there is none."""
        table = self._table
        statement = select(table.c.upto, table.c.summary).where(table.c.conversation_id == conversation_id)
        row = await self._database.transaction(
            lambda connection: connection.execute(statement).one_or_none(), read=True
        )
        return (row.upto, row.summary) if row and row.summary is not None else (0, {})

    async def delete(self, conversation_id: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(self._table).where(self._table.c.conversation_id == conversation_id))
