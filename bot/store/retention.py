"""Deletes what has been kept long enough: once an hour, by one process, whichever is first; and says what it deleted.

A process that dies over it is followed by another one when its lease has run out. What it does can be repeated.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, not_, select, tuple_, update

from bot.context import Place
from bot.store.audit import Audit
from bot.store.clock import DatabaseNow
from bot.store.database import Database, StoreError
from bot.store.erasures import Erasures
from bot.store.leavers import Leavers
from bot.store.tables import Tables
from bot.store.upsert import insert_once, upsert

log = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0
LEASE_SECONDS = 900.0
LOOK_SECONDS = 300.0
"""How often each process asks whether it is time."""
ROWS = 1000
"""In one transaction: nobody who writes waits for long."""
_LEASE = "lease"
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Swept:
    """What became of one kind. `last`: seconds since 1970."""

    kind: str
    last: float
    deleted: int
    total: int


class Retention:
    """`days`: by kind (`bot.retention.periods`); `audit_days`, `leaver_days`: 0 for the latter keeps leavers' data. Raises `StoreError`."""

    def __init__(
        self, database: Database, days: Mapping[str, int], *, audit_days: int, leaver_days: int, owner: str
    ) -> None:
        self._database, self._days, self._owner = database, days, owner
        self._table = database.tables.protection.sweeps
        self._jobs: dict[str, Callable[[], Awaitable[int]]] = {
            **{kind: self._job(kind) for kind, kept in days.items() if kept},
            "audit": lambda: Audit(database).sweep(audit_days),
            "erasures": Erasures(database).prune,
            "leavers": lambda: Leavers(database).sweep(leaver_days),
        }

    async def sweep(self) -> int:
        """When it is time, and nobody else is at it: how many rows went. 0 otherwise."""
        return await self.run() if await self._mine(DatabaseNow() - EVERY_SECONDS) else 0

    async def run(self) -> int:
        """Now, whoever else may be at it."""
        gone: dict[str, int] = {}
        for kind, job in self._jobs.items():
            gone[kind] = await job()
            await self._note(kind, gone[kind])
        await self._note(_LEASE, sum(gone.values()))
        told = ", ".join(f"{count} {kind}" for kind, count in gone.items() if count)
        if told:
            log.info("kept long enough and deleted: %s", told)
        return sum(gone.values())

    async def swept(self) -> list[Swept]:
        """The last sweep of each kind."""
        table = self._table
        statement = select(table.c.kind, table.c.last, table.c.deleted, table.c.total).order_by(table.c.kind)
        rows = await self._database.transaction(lambda connection: connection.execute(statement).all(), read=True)
        return [Swept(*row) for row in rows if row.kind != _LEASE and row.last]

    async def _mine(self, before: ColumnElement[float] | DatabaseNow) -> bool:
        table, nothing = self._table, {"owner": "", "until": 0.0, "last": 0.0, "deleted": 0, "total": 0}
        free = (table.c.kind == _LEASE) & (table.c.until < DatabaseNow()) & (table.c.last < before)
        take = update(table).where(free).values(owner=self._owner, until=DatabaseNow() + LEASE_SECONDS)
        first = insert_once(self._database.dialect, table, {"kind": _LEASE}, nothing)

        def run(connection: Connection) -> bool:
            connection.execute(first)
            return bool(connection.execute(take).rowcount)

        return await self._database.transaction(run)

    async def _note(self, kind: str, deleted: int) -> None:
        table = self._table
        values = {"owner": self._owner, "until": 0.0, "last": DatabaseNow(), "deleted": deleted}
        made = upsert(self._database.dialect, table, {"kind": kind}, {**values, "total": 0})
        lease = update(table).where(table.c.kind == _LEASE, table.c.owner == self._owner, table.c.until > 0.0)

        def run(connection: Connection) -> None:
            before = connection.execute(select(table.c.total).where(table.c.kind == kind)).scalar_one_or_none() or 0
            connection.execute(made)
            connection.execute(update(table).where(table.c.kind == kind).values(total=before + deleted))
            if kind != _LEASE:  # long work keeps its lease
                connection.execute(lease.values(until=DatabaseNow() + LEASE_SECONDS))

        await self._database.transaction(run)

    def _job(self, kind: str) -> Callable[[], Awaitable[int]]:
        async def job() -> int:
            old = DatabaseNow() - self._days[kind] * _DAY
            if kind == "texts":
                return await self._forget_texts(old)
            return sum([await self._delete(table, where) for table, where in _OLD[kind](self._database.tables, old)])

        return job

    async def _delete(self, table: Table, where: ColumnElement[bool]) -> int:
        keys = tuple(table.primary_key.columns)
        one = keys[0] if len(keys) == 1 else tuple_(*keys)
        some = select(*keys).where(where).limit(ROWS)
        statement, count = delete(table).where(one.in_(some)), ROWS
        total = 0
        while count == ROWS:
            count = await self._database.transaction(lambda connection: connection.execute(statement).rowcount)
            total += count
        return total

    async def _forget_texts(self, old: ColumnElement[float] | DatabaseNow) -> int:
        runs = self._database.tables.digests.runs
        statement = update(runs).where(runs.c.finished < old, runs.c.content.is_not(None)).values(content=None)
        return await self._database.transaction(lambda connection: connection.execute(statement).rowcount)


async def sweep_for_ever(
    sweep: Callable[[], Awaitable[int]],
    what: str,
    *,
    every: float = LOOK_SECONDS,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Until it is cancelled."""
    while True:
        try:
            await sweep()
        except StoreError as error:
            log.warning("%s was not swept: %s", what, type(error).__name__)
        await sleep(every)


Old = list[tuple[Table, ColumnElement[bool]]]


def _transcripts(tables: Tables, old: object) -> Old:
    """A summary goes with the last turn of its conversation: newer turns are told from it."""
    turns, kept = tables.transcripts, tables.summaries
    alone = not_(exists().where(turns.c.conversation_id == kept.c.conversation_id))
    return [(turns, turns.c.updated < old), (kept, (kept.c.updated < old) & alone)]


def _references(tables: Tables, old: object) -> Old:
    """Places that nothing is kept of: no word, no answer, no digest that goes there or belongs to its person."""
    places, due = tables.references, tables.digests.subscriptions
    id = places.c.conversation_id
    used: list[ColumnElement[bool]] = [
        exists().where(table.c.conversation_id == id) for table in (tables.transcripts, tables.answers, due)
    ]
    used.append(exists().where(due.c.owner == places.c.person_id) & (places.c.place == Place.PERSONAL.value))
    return [(places, (places.c.updated < old) & not_(used[0] | used[1] | used[2] | used[3]))]


_OLD: Mapping[str, Callable[[Tables, object], Old]] = {
    "transcripts": _transcripts,
    "answers": lambda t, old: [(t.answers, t.answers.c.created < old)],
    "feedback": lambda t, old: [(t.feedback, t.feedback.c.updated < old)],
    "memories": lambda t, old: [(t.memories, t.memories.c.created < old)],
    "heard": lambda t, old: [(t.heard, t.heard.c.created < old)],
    "pending": lambda t, old: [(t.pending, t.pending.c.created < old)],
    "runs": lambda t, old: [(t.digests.runs, t.digests.runs.c.finished < old)],
    "references": _references,
}
