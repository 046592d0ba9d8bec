"""Every process hears within seconds whom another one erased, and drops what it holds in memory about them.

Who erases writes a row; each process looks for new ones.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy import delete, select

from bot.store.clock import DatabaseNow
from bot.store.database import Database, StoreError

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
KEEP_SECONDS = 600.0
"""How long a row stays for processes that did not look yet."""


class Erasures:
    """What other processes erased. Raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.protection.erasures
        self._seen = -1

    async def look(self) -> int:
        """Forgets everybody who was erased since the last look; how many. The first look takes all rows there are."""
        table = self._table
        new = select(table.c.seq, table.c.person).where(table.c.seq > self._seen).order_by(table.c.seq)
        rows = await self._database.transaction(lambda connection: connection.execute(new).all(), read=True)
        for row in rows:
            self._database.forgetting(row.person.decode())
            self._seen = row.seq
        self._database.cipher.people.sweep()
        return len(rows)

    async def watch(self, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.warning("whom others erased is not known: %s", type(error).__name__)
            await sleep(LOOK_SECONDS)

    async def prune(self) -> int:
        """Rows that every process has seen; how many."""
        old = self._table.c.at < DatabaseNow() - KEEP_SECONDS
        statement = delete(self._table).where(old)
        return await self._database.transaction(lambda connection: connection.execute(statement).rowcount)
