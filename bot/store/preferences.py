"""What a person, a conversation or a tenant chose: small JSON values by owner and name."""

from collections.abc import Awaitable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.inbox_batch import padded
from bot.store.person_keys import Owned
from bot.store.upsert import upsert


class Preferences:
    """Owners: `person:<entra id>`, `conversation:<id without thread>`, `tenant:<id>`. Raises `StoreUnavailable`.

    Every turn asks, so those that ask at the same moment are answered together. Nothing is kept in memory: what somebody
    chose a moment ago must hold in the next replica too.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.preferences
        owners = bindparam("owners", expanding=True, type_=self._table.c.owner.type)
        columns = (self._table.c.owner, self._table.c.name, self._table.c.value)
        self._select = select(*columns).where(self._table.c.owner.in_(owners))
        self._loading = database.reading.lane(self._load)

    def several(self, *owners: str) -> Awaitable[tuple[dict[str, Any], ...]]:
        """What each of them chose, by name; asked for when this returns."""
        return self._loading.put(owners)

    async def all(self, owner: str) -> dict[str, Any]:
        return (await self._loading((owner,)))[0]

    async def get(self, owner: str, name: str) -> Any:
        """None when nothing was chosen."""
        return (await self.all(owner)).get(name)

    def _load(self, connection: Connection, wanted: Sequence[tuple[str, ...]]) -> list[tuple[dict[str, Any], ...]]:
        owners = padded(list({owner for several in wanted for owner in several}))
        found: dict[str, dict[str, Any]] = {}
        for owner, name, value in connection.execute(self._select, {"owners": owners}):
            if value is not None:
                found.setdefault(owner, {})[name] = value
        return [tuple(dict(found.get(owner, {})) for owner in several) for several in wanted]

    async def set(self, owner: str, name: str, value: Any) -> None:
        """`value` is JSON; None takes the choice back."""
        table = self._table
        kind, _, person_id = owner.partition(":")
        owned = Owned(person_id if kind == "person" else "", value)
        await self._database.own([owned.person_id])
        async with self._database.write() as connection:
            if value is None:
                await connection.execute(delete(table).where(table.c.owner == owner, table.c.name == name))
                return
            key, values = {"owner": owner, "name": name}, {"value": owned, "updated": DatabaseNow()}
            await connection.execute(upsert(self._database.dialect, table, key, values))

    async def forget(self, owner: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(self._table).where(self._table.c.owner == owner))
