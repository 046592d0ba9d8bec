"""MSAL's token cache, one a person, encrypted; a version stops two processes from overwriting each other's refresh."""

from sqlalchemy import delete, select, update

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.person_keys import Owned
from bot.store.upsert import insert_once


class StaleVersion(Exception):
    """Somebody saved this cache since it was loaded: load it again, and repeat what was done to it."""


class TokenCache:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.token_cache

    async def load(self, person_id: str) -> tuple[bytes, int]:
        """MSAL's serialised cache and its version; `(b"", 0)` for a person who never signed in. Raises `WrongKey`."""
        table = self._table
        statement = select(table.c.cache, table.c.version).where(table.c.person_id == person_id)
        row = await self._database.transaction(
            lambda connection: connection.execute(statement).one_or_none(), read=True
        )
        return (b"", 0) if row is None else (row.cache or b"", row.version)

    async def save(self, person_id: str, cache: bytes, version: int) -> int:
        """Stores over the `version` that was loaded; returns the new version. Raises `StaleVersion`."""
        table = self._table
        owner = person_id.rpartition(":")[2]  # what is beside a grant has something before the id
        values = {"cache": Owned(owner, cache), "version": version + 1, "updated": DatabaseNow()}
        await self._database.own([owner])
        async with self._database.write() as connection:
            if version == 0:
                statement = insert_once(self._database.dialect, table, {"person_id": person_id}, values)
            else:
                statement = (
                    update(table).where(table.c.person_id == person_id, table.c.version == version).values(values)
                )
            written = (await connection.execute(statement)).rowcount
        if not written:
            raise StaleVersion("The sign-in was renewed elsewhere meanwhile.")
        return version + 1

    async def delete(self, person_id: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(self._table).where(self._table.c.person_id == person_id))

    async def sweep(self, prefix: str, older_than: float) -> int:
        """Deletes rows whose key begins so and that nobody has saved for so many seconds; how many it were."""
        old = self._table.c.updated < DatabaseNow() - older_than
        mine = self._table.c.person_id.startswith(prefix, autoescape=True)
        async with self._database.write() as connection:
            return (await connection.execute(delete(self._table).where(mine, old))).rowcount
