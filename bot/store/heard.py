"""Other people's talk in places that asked us to listen: context for the next question there, bounded, and gone after a week.

Nothing gets here from a place that did not ask for it.
"""

from dataclasses import dataclass

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.person_keys import Owned
from bot.store.upsert import upsert

MOST = 50
"""Remarks of one thread or chat; the oldest give way."""
LONGEST = 4000
"""Characters of one remark; the rest is not kept."""
KEEP_SECONDS = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Remark:
    """Something somebody said to others."""

    id: str
    person_id: str
    """Entra object id; the channel's own id for people without one."""
    author: str
    text: str
    created: float = 0.0
    """Seconds since 1970, when we heard it first; set by the store."""


class Heard:
    """`conversation_id` is with the thread's root. Raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.heard

    async def keep(self, conversation_id: str, remark: Remark) -> None:
        """A second delivery changes nothing but the words."""
        table = self._table
        key = {"conversation_id": conversation_id, "activity_id": remark.id}
        values = {"person_id": remark.person_id, "said": _said(remark)}
        await self._database.own([remark.person_id])
        async with self._database.write() as connection:
            if not await self._changed(connection, conversation_id, remark):
                await connection.execute(
                    upsert(self._database.dialect, table, key, {**values, "created": DatabaseNow()})
                )
            extra = self._of(conversation_id).with_only_columns(table.c.activity_id).offset(MOST)
            ids = (await connection.execute(extra)).scalars().all()
            if ids:
                mine = table.c.conversation_id == conversation_id
                await connection.execute(delete(table).where(mine, table.c.activity_id.in_(ids)))

    async def replace(self, conversation_id: str, remark: Remark) -> bool:
        """After an edit; whether we had heard it. Nothing is learned from an edit of what we had not."""
        await self._database.own([remark.person_id])
        async with self._database.write() as connection:
            return await self._changed(connection, conversation_id, remark)

    async def of(self, conversation_id: str) -> list[Remark]:
        """Oldest first, none older than `KEEP_SECONDS`."""
        fresh = self._table.c.created >= DatabaseNow() - KEEP_SECONDS
        statement = self._of(conversation_id).where(fresh).limit(MOST)
        rows = await self._database.transaction(lambda connection: connection.execute(statement).all(), read=True)
        return [
            Remark(row.activity_id, row.person_id, row.said["author"], row.said["text"], row.created)
            for row in reversed(rows)
            if row.said is not None
        ]

    async def forget(self, conversation_id: str, activity_id: str) -> None:
        """After a deletion."""
        table = self._table
        async with self._database.write() as connection:
            await connection.execute(
                delete(table).where(table.c.conversation_id == conversation_id, table.c.activity_id == activity_id)
            )

    async def forget_place(self, bare_id: str) -> None:
        """A channel with all its threads, or a chat: nobody wants us to listen there any more."""
        table = self._table
        here = table.c.conversation_id == bare_id
        threads = table.c.conversation_id.startswith(f"{bare_id};", autoescape=True)
        async with self._database.write() as connection:
            await connection.execute(delete(table).where(here | threads))

    async def forget_person(self, person_id: str) -> int:
        """All this person said, wherever: erasure. How many remarks it were."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(self._table).where(self._table.c.person_id == person_id))
        return done.rowcount

    def _of(self, conversation_id: str) -> Select[tuple[str, str, dict[str, str], float]]:
        """Newest first."""
        table = self._table
        columns = (table.c.activity_id, table.c.person_id, table.c.said, table.c.created)
        mine = select(*columns).where(table.c.conversation_id == conversation_id)
        return mine.order_by(table.c.created.desc(), table.c.activity_id.desc())

    async def _changed(self, connection: AsyncConnection, conversation_id: str, remark: Remark) -> bool:
        table = self._table
        one = (table.c.conversation_id == conversation_id) & (table.c.activity_id == remark.id)
        return bool((await connection.execute(update(table).where(one).values(said=_said(remark)))).rowcount)


def _said(remark: Remark) -> Owned:
    return Owned(remark.person_id, {"author": remark.author, "text": remark.text[:LONGEST]})
