"""What a person, a conversation or a tenant chose: small JSON values by owner and name."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, select

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.together import Together
from bot.store.upsert import upsert

MOST_TOGETHER = 128


class Preferences:
    """Owners: `person:<entra id>`, `conversation:<id without thread>`, `tenant:<id>`. Raises `StoreUnavailable`.

    Every turn asks, so those that ask at the same moment are answered together. Nothing is kept in memory: what somebody
    chose a moment ago must hold in the next replica too.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.preferences
        self._loading = Together(self._load_all, most=MOST_TOGETHER)

    async def all(self, owner: str) -> dict[str, Any]:
        return await self._loading(owner)

    async def get(self, owner: str, name: str) -> Any:
        """None when nothing was chosen."""
        return (await self.all(owner)).get(name)

    async def _load_all(self, owners: Sequence[str]) -> Sequence[dict[str, Any]]:
        table = self._table
        statement = select(table.c.owner, table.c.name, table.c.value).where(table.c.owner.in_(set(owners)))

        def read(connection: Connection) -> list[tuple[str, str, Any]]:
            return [tuple(row) for row in connection.execute(statement)]

        found: dict[str, dict[str, Any]] = {}
        for owner, name, value in await self._database.transaction(read, read=True):
            found.setdefault(owner, {})[name] = value
        return [dict(found.get(owner, {})) for owner in owners]

    async def set(self, owner: str, name: str, value: Any) -> None:
        """`value` is JSON; None takes the choice back."""
        table = self._table
        async with self._database.write() as connection:
            if value is None:
                await connection.execute(delete(table).where(table.c.owner == owner, table.c.name == name))
                return
            key, values = {"owner": owner, "name": name}, {"value": value, "updated": DatabaseNow()}
            await connection.execute(upsert(self._database.dialect, table, key, values))

    async def forget(self, owner: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(self._table).where(self._table.c.owner == owner))
