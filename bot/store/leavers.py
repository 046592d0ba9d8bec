"""Who has left us: the app was removed, or the directory knows them no more. Their tokens go, their digests pause at once, and their
data goes after a grace period.

Whoever comes back in between stays: by signing in, by installing the app, or by having been answered since.
"""

from typing import Literal

from sqlalchemy import Connection, delete, exists, select, update

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.personal import SIGN_IN_ROWS, Personal
from bot.store.upsert import insert_once

Why = Literal["removed", "disabled"]
"""`removed`: the app, from the personal chat. `disabled`: the account, or it is gone from the directory."""
PAUSED = "left"
"""Why their digests are."""
_DAY = 86400.0
_AT_ONCE = 100


class Leavers:
    """`person_id`: Entra object id. Raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.protection.leavers

    async def left(self, person_id: str, why: Why) -> None:
        """The first time counts."""
        values = {"why": why, "since": DatabaseNow()}
        noted = insert_once(self._database.dialect, self._table, {"person_id": person_id}, values)
        grants, asked = self._database.tables.token_cache, self._database.tables.digests.subscriptions
        mine = (asked.c.owner == person_id) & (asked.c.state == "active")

        def run(connection: Connection) -> None:
            connection.execute(noted)
            connection.execute(update(asked).where(mine).values(state="paused", why=PAUSED, next_due=None))
            rows = [f"{prefix}{person_id}" for prefix in SIGN_IN_ROWS]
            connection.execute(delete(grants).where(grants.c.person_id.in_(rows)))

        await self._database.transaction(run)

    async def back(self, person_id: str) -> None:
        statement = delete(self._table).where(self._table.c.person_id == person_id)
        await self._database.transaction(lambda connection: connection.execute(statement))

    async def why(self, person_id: str) -> str:
        """Empty for somebody who has not left."""
        statement = select(self._table.c.why).where(self._table.c.person_id == person_id)
        found = await self._database.transaction(
            lambda connection: connection.execute(statement).scalar_one_or_none(), read=True
        )
        return found or ""

    async def sweep(self, days: int) -> int:
        """Erases those who left so many days ago and did not come back; how many. 0 days: nobody."""
        table, answers = self._table, self._database.tables.answers
        if not days:
            return 0
        old = table.c.since < DatabaseNow() - days * _DAY
        since = exists().where(answers.c.person_id == table.c.person_id, answers.c.created > table.c.since)
        again = delete(table).where(since)
        statement = select(table.c.person_id).where(old).limit(_AT_ONCE)
        await self._database.transaction(lambda connection: connection.execute(again))
        found = await self._database.transaction(
            lambda connection: list(connection.execute(statement).scalars()), read=True
        )
        for person_id in found:
            await Personal(self._database).erase(person_id, gone=True)
        return len(found)
