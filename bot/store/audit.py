"""Who asked which model for what, what it took and how it ended: a row for each model call, and no word of what was said."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, case, delete, func, select, text

from bot.store.chain_ends import Fault, Head, cut, ends, verify
from bot.store.clock import DatabaseNow
from bot.store.database import Database
from providers.base import Usage

PAGE = 500
_SECONDS = 86400.0
ERASURE = "erasure"
"""`purpose` of a row that says of how many rows somebody's ids were taken: no call, and no cost."""
_CHAINED = frozenset({"chain", "number", "salt", "private", "seal"})


@dataclass(frozen=True, slots=True)
class Row:
    """One model call."""

    at: float
    """Seconds since 1970, when it began."""
    person_id: str
    tenant: str
    conversation_id: str
    """`Incoming.kept_under`."""
    place: str
    question_id: str
    purpose: str
    name: str
    """The configured name of the model that was called."""
    asked: str
    """The model's own name, as it was asked for."""
    answered: str
    """The model that answered, as the vendor's response names it; empty when none did."""
    door: str
    usage: Usage
    estimated: bool
    """The call was cut off, so that `usage` is our own estimate."""
    cost: int | None
    """Millionths of a US dollar; None: the model has no known price."""
    first_ms: int | None
    """Until its first text or call; None when there was none."""
    total_ms: int
    outcome: str
    evidence: tuple[str, ...] = ()
    """What it was given, by `evidence_id`."""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows; empty fields ask for all. Times are seconds since 1970, `until` excluded."""

    since: float = 0.0
    until: float = 0.0
    person_id: str = ""
    tenant: str = ""
    conversation_id: str = ""
    questions: tuple[str, ...] = ()
    purpose: str = ""
    name: str = ""
    outcome: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    calls: int = 0
    cost: int = 0
    """Millionths of a US dollar, of those whose price is known."""
    unpriced: int = 0
    """Calls that used something, at a price nobody knows."""
    estimated: int = 0
    usage: Usage = field(default_factory=Usage)


class Audit:
    """Rows are written by `bot.store.spending`, together with what they add to. Raises `StoreError`.

    Whoever reads sees the calls of this process that are over, also those that are just being written down.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.audit

    async def search(self, wanted: Wanted = Wanted(), *, after: int = 0, most: int = PAGE) -> list[Row]:
        """Oldest first; those after the row with this id."""
        statement = self._rows(wanted).where(self._table.c.id > after).limit(most)
        await self._database.writing.settled()
        async with self._database.read() as connection:
            return [_row(one) for one in (await connection.execute(statement)).mappings()]

    async def newest(self, wanted: Wanted = Wanted(), *, before: int = 0, most: int = PAGE) -> list[Row]:
        """Newest first; those before the row with this id, when one is given."""
        table = self._table
        statement = select(table).where(*self._where(wanted)).order_by(table.c.id.desc()).limit(most)
        if before:
            statement = statement.where(table.c.id < before)
        await self._database.writing.settled()
        async with self._database.read() as connection:
            return [_row(one) for one in (await connection.execute(statement)).mappings()]

    async def all(self, wanted: Wanted = Wanted()) -> AsyncGenerator[Row]:
        """As `search`, page by page."""
        after = 0
        while rows := await self.search(wanted, after=after):
            for row in rows:
                yield row
            after = rows[-1].id

    async def sum(self, wanted: Wanted) -> Sum:
        table = self._table.c
        unpriced = case((and_(table.cost.is_(None), table.input + table.output > 0), 1), else_=0)
        figures = (
            func.count(), func.coalesce(func.sum(table.cost), 0), func.coalesce(func.sum(unpriced), 0),
            *(
                func.coalesce(func.sum(column), 0)
                for column in (table.estimated, table.input, table.cache_read, table.cache_write, table.output, table.reasoning)
            ),
        )  # fmt: skip
        await self._database.writing.settled()
        statement = select(*figures).where(table.purpose != ERASURE, *self._where(wanted))
        found = await self._database.transaction(lambda connection: connection.execute(statement).one(), read=True)
        calls, cost, without, estimated, *tokens = (int(one) for one in found)
        return Sum(calls, cost, without, estimated, Usage(*tokens))

    async def heads(self) -> list[Head]:
        """Where each chain ends: kept elsewhere, they tell whether rows at the end were cut off together with their record."""
        heads = self._database.tables.protection.heads
        return await self._database.transaction(lambda connection: ends(connection, heads), read=True)

    async def verify(self, known: Sequence[Head], days: float) -> tuple[list[Fault], int]:
        """What does not hold, and how many rows there are. `known`: heads of before; `days`: what retention leaves of them."""
        tables, key = self._database.tables, self._database.audit_key
        await self._database.writing.settled()

        def run(connection: Connection) -> tuple[list[Fault], int]:
            if self._database.dialect == "postgresql":  # one moment for all statements
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            since = float(connection.execute(select(DatabaseNow() - days * _SECONDS)).scalar_one())
            count = int(connection.execute(select(func.count()).select_from(self._table)).scalar_one())
            return verify(connection, self._table, tables.protection.heads, key, known, since), count

        return await self._database.transaction(run, read=True)

    async def sweep(self, days: float) -> int:
        """Deletes what is older, from the beginning of each chain, and the counters of months that are; how many rows it were."""
        old, tables = DatabaseNow() - days * _SECONDS, self._database.tables

        def run(connection: Connection) -> int:
            before = float(connection.execute(select(old)).scalar_one())
            gone = cut(connection, tables.audit, tables.protection.heads, self._database.audit_key, before)
            connection.execute(delete(tables.spending).where(tables.spending.c.updated < before))
            # Those of processes that died; their own end is long past, so that nobody is about to settle them.
            expired = tables.reservations.c.expires < DatabaseNow() - _SECONDS
            connection.execute(delete(tables.reservations).where(expired))
            return gone

        return await self._database.transaction(run)

    def _rows(self, wanted: Wanted) -> Select[Any]:
        return select(self._table).where(*self._where(wanted)).order_by(self._table.c.id)

    def _where(self, wanted: Wanted) -> list[ColumnElement[bool]]:
        table = self._table.c
        found = [table.at >= wanted.since] if wanted.since else []
        found += [table.at < wanted.until] if wanted.until else []
        equal: Mapping[str, str] = {
            name: getattr(wanted, name)
            for name in ("person_id", "tenant", "conversation_id", "purpose", "name", "outcome")
        }
        found += [table[name] == value for name, value in equal.items() if value]
        found += [table.question_id.in_(wanted.questions)] if wanted.questions else []
        found += [table.evidence.contains(wanted.evidence, autoescape=True)] if wanted.evidence else []
        return found


def values(row: Row) -> dict[str, Any]:
    """For an INSERT."""
    usage = row.usage
    return {
        "at": row.at, "person_id": row.person_id, "tenant": row.tenant, "conversation_id": row.conversation_id,
        "place": row.place, "question_id": row.question_id, "purpose": row.purpose, "name": row.name, "asked": row.asked,
        "answered": row.answered, "door": row.door, "input": usage.input, "cache_read": usage.cache_read,
        "cache_write": usage.cache_write, "output": usage.output, "reasoning": usage.reasoning,
        "estimated": int(row.estimated), "cost": row.cost, "first_ms": row.first_ms, "total_ms": row.total_ms,
        "outcome": row.outcome, "evidence": " ".join(row.evidence),
    }  # fmt: skip


def _row(stored: RowMapping) -> Row:
    found = {name: value for name, value in stored.items() if name not in _CHAINED}
    tokens: Sequence[int] = [found.pop(name) for name in ("input", "cache_read", "cache_write", "output", "reasoning")]
    evidence = tuple(found.pop("evidence").split())
    return Row(**{**found, "usage": Usage(*tokens), "estimated": bool(found["estimated"]), "evidence": evidence})
