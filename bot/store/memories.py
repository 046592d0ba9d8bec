"""What people told us to remember, by whom it is for: a person alone, or one channel or chat.

Only a person's own typed words get here; nothing that was read and nothing a model said.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, select

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.inbox_batch import padded
from bot.store.person_keys import Owned

MOST = 100
LONGEST = 500
"""Characters of one memory, and how many an owner may have: all of them go with every question."""


@dataclass(frozen=True, slots=True)
class Memory:
    id: int
    text: str
    by: str
    """Name of who said it."""
    person_id: str


class Full(Exception):
    """There are `MOST` of them already."""


class Memories:
    """Owners: `person:<entra id>` or `conversation:<id without thread>`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.memories
        table = self._table
        owners = bindparam("owners", expanding=True, type_=table.c.owner.type)
        columns = (table.c.owner, table.c.id, table.c.said, table.c.person_id)
        self._select = select(*columns).where(table.c.owner.in_(owners)).order_by(table.c.id)
        self._loading = database.reading.lane(self._load)

    async def add(self, owner: str, person_id: str, by: str, text: str, turn_id: str) -> None:
        """Said twice in one turn (a repeated turn) is kept once. Raises `Full`; ValueError for a text over `LONGEST`."""
        if len(text) > LONGEST:
            raise ValueError("A memory is too long.")
        table = self._table
        await self._database.own([person_id])
        async with self._database.write() as connection:
            mine = table.c.owner == owner
            count = (await connection.execute(select(func.count()).where(mine))).scalar_one()
            known = (await connection.execute(select(table.c.id).where(mine, table.c.turn_id == turn_id))).first()
            if known is not None:
                return
            if count >= MOST:
                raise Full
            values = {"owner": owner, "person_id": person_id, "turn_id": turn_id, "created": DatabaseNow()}
            await connection.execute(
                table.insert().values({**values, "said": Owned(person_id, {"text": text, "by": by})})
            )

    async def of(self, owner: str) -> list[Memory]:
        """Oldest first."""
        return await self._loading(owner)

    def _load(self, connection: Connection, owners: Sequence[str]) -> list[list[Memory]]:
        found: dict[str, list[Memory]] = {}
        for owner, id, said, person_id in connection.execute(self._select, {"owners": padded(list(set(owners)))}):
            if said is not None:
                found.setdefault(owner, []).append(Memory(id, said["text"], said["by"], person_id))
        return [list(found.get(owner, [])) for owner in owners]

    async def forget(self, owner: str, ids: list[int]) -> int:
        """How many of these the owner had."""
        table = self._table
        async with self._database.write() as connection:
            done = await connection.execute(delete(table).where(table.c.owner == owner, table.c.id.in_(ids)))
        return done.rowcount

    async def forget_all(self, owner: str) -> int:
        async with self._database.write() as connection:
            done = await connection.execute(delete(self._table).where(self._table.c.owner == owner))
        return done.rowcount

    async def forget_turn(self, owner: str, turn_id: str) -> int:
        """What the message with this activity id taught, because it was deleted or edited."""
        table = self._table
        async with self._database.write() as connection:
            done = await connection.execute(delete(table).where(table.c.owner == owner, table.c.turn_id == turn_id))
        return done.rowcount

    async def forget_person(self, person_id: str) -> int:
        """All this person said, wherever: erasure."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(self._table).where(self._table.c.person_id == person_id))
        return done.rowcount
