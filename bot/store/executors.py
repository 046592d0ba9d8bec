"""Which processes work on digests, by a heartbeat: the work of one that died is taken over by exactly one other."""

from sqlalchemy import delete, func, or_, select, update

from bot.store.clock import DatabaseNow, lapsed
from bot.store.database import Database
from bot.store.upsert import upsert


class Executors:
    """`id` names one run of a process and is never reused. Raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.digests.executors

    async def beat(self, id: str) -> None:
        statement = upsert(self._database.dialect, self._table, {"id": id}, {"beat": DatabaseNow()})
        async with self._database.write() as connection:
            await connection.execute(statement)

    async def stopped(self, id: str) -> None:
        """Its work may be taken over at once."""
        async with self._database.write() as connection:
            await connection.execute(update(self._table).where(self._table.c.id == id).values(beat=0.0))

    async def alive(self, silent_seconds: float) -> int:
        """How many beat."""
        table = self._table
        beating = select(func.count()).select_from(table).where(table.c.beat >= DatabaseNow() - silent_seconds)
        async with self._database.read() as connection:
            return int((await connection.execute(beating)).scalar_one())

    async def dead(self, me: str, silent_seconds: float) -> list[str]:
        """Those that did not beat for so long."""
        table = self._table
        silent = or_(lapsed(table.c.beat + silent_seconds), table.c.beat == 0.0)
        async with self._database.read() as connection:
            return list((await connection.execute(select(table.c.id).where(silent, table.c.id != me))).scalars())

    async def adopt(self, id: str, silent_seconds: float) -> bool:
        """Whether this caller is the one to take over. Whoever dies over it is followed by another one after as long again."""
        table = self._table
        silent = or_(lapsed(table.c.beat + silent_seconds), table.c.beat == 0.0)
        mine = update(table).where(table.c.id == id, silent).values(beat=DatabaseNow())
        async with self._database.write() as connection:
            return bool((await connection.execute(mine)).rowcount)

    async def forget(self, id: str) -> None:
        """Its work was taken over."""
        async with self._database.write() as connection:
            await connection.execute(delete(self._table).where(self._table.c.id == id))
