"""What a person, a conversation or a tenant chose: small JSON values by owner and name."""

from typing import Any

from sqlalchemy import delete, select

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.upsert import upsert


class Preferences:
    """Owners: `person:<entra id>`, `conversation:<id without thread>`, `tenant:<id>`. Raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.preferences

    async def all(self, owner: str) -> dict[str, Any]:
        table = self._table
        async with self._database.read() as connection:
            rows = (await connection.execute(select(table.c.name, table.c.value).where(table.c.owner == owner))).all()
        return {row.name: row.value for row in rows}

    async def get(self, owner: str, name: str) -> Any:
        """None when nothing was chosen."""
        return (await self.all(owner)).get(name)

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
