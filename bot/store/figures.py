"""Sums over the audit for whoever looks after Parley: by day, model, place and person, counted by the database.

Every statement here is bound to a stretch of `at`, which has an index; days are those of UTC, numbered since 1970.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    FromClause,
    Integer,
    String,
    and_,
    case,
    cast,
    distinct,
    func,
    literal,
    select,
)

from bot.store.audit import ERASURE
from bot.store.database import Database

DAY = 86400
ASKED = ("answer", "compare", "review")
"""Purposes of calls that somebody waits for."""
ANSWERED = ("answered", "called_tools")
"""Outcomes of a call that did what it was for."""
MOST_PEOPLE = 50
_STEPS = ((1000, 10), (10_000, 50))
"""(below, step) in milliseconds: how finely delays are told apart; above, by half a second."""
_COARSE = 500


@dataclass(frozen=True, slots=True)
class Calls:
    """Model calls that have all of this in common."""

    day: int
    name: str
    door: str
    place: str
    purpose: str
    outcome: str
    calls: int
    input: int
    cache_read: int
    cache_write: int
    output: int
    cost: int
    """Millionths of a US dollar, of those whose price is known."""
    unpriced: int
    last: float
    """Seconds since 1970, when the last of them began."""


@dataclass(frozen=True, slots=True)
class Asked:
    day: int
    place: str
    questions: int
    """That got an answer."""
    conversations: int


@dataclass(frozen=True, slots=True)
class Delay:
    """How many calls of a model began to answer after about so many milliseconds."""

    day: int
    name: str
    first_ms: int
    calls: int


@dataclass(frozen=True, slots=True)
class Spender:
    person_id: str
    questions: int
    calls: int
    tokens: int
    cost: int


@dataclass(frozen=True, slots=True)
class Failover:
    day: int
    first: str
    """The configured name of the model that failed."""
    other: str
    why: str
    """The outcome of its call."""
    times: int


class Figures:
    """`since` and `until` are seconds since 1970, `until` excluded. Raises `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.audit

    async def calls(self, since: float, until: float) -> list[Calls]:
        c = self._table.c
        keys = (self._day(c.at).label("day"), c.name, c.door, c.place, c.purpose, c.outcome)
        unpriced = case((and_(c.cost.is_(None), c.input + c.output > 0), 1), else_=0)
        sums = (
            func.sum(one)
            for one in (c.input, c.cache_read, c.cache_write, c.output, func.coalesce(c.cost, 0), unpriced)
        )
        statement = select(*keys, func.count(), *sums, func.max(c.at)).where(self._within(since, until)).group_by(*keys)
        return [_calls(row) for row in await self._rows(statement)]

    async def asked(self, since: float, until: float) -> list[Asked]:
        """By day and place."""
        c = self._table.c
        keys = (self._day(c.at).label("day"), c.place)
        counts = (func.count(distinct(_question(c))), func.count(distinct(c.conversation_id)))
        statement = select(*keys, *counts).where(*self._questions(since, until)).group_by(*keys)
        return [Asked(*row) for row in await self._rows(statement)]

    async def active(self, since: float, until: float) -> dict[int, int]:
        """How many people asked something, by day."""
        c = self._table.c
        day = self._day(c.at).label("day")
        statement = select(day, func.count(distinct(c.person_id))).where(*self._by_people(since, until)).group_by(day)
        return {row[0]: row[1] for row in await self._rows(statement)}

    async def people(self, since: float, until: float) -> int:
        """How many people asked something, each once."""
        statement = select(func.count(distinct(self._table.c.person_id))).where(*self._by_people(since, until))
        return int((await self._rows(statement))[0][0])

    async def delays(self, since: float, until: float) -> list[Delay]:
        """Until the first token, of calls that somebody waits for."""
        c = self._table.c
        steps = [(c.first_ms < below, c.first_ms // step * step) for below, step in _STEPS]
        bucket = case(*steps, else_=c.first_ms // _COARSE * _COARSE).label("bucket")
        keys = (self._day(c.at).label("day"), c.name, bucket)
        where = (self._within(since, until), c.first_ms.is_not(None), c.purpose.in_(ASKED))
        statement = select(*keys, func.count()).where(*where).group_by(*keys)
        return [Delay(*row) for row in await self._rows(statement)]

    async def spenders(self, since: float, until: float) -> list[Spender]:
        """Those who cost most, the most expensive first."""
        c = self._table.c
        cost = func.sum(func.coalesce(c.cost, 0))
        statement = (
            select(c.person_id, func.count(distinct(_question(c))), func.count(), func.sum(c.input + c.output), cost)
            .where(self._within(since, until), c.person_id != "")
            .group_by(c.person_id)
            .order_by(cost.desc(), func.count().desc(), c.person_id)
            .limit(MOST_PEOPLE)
        )
        return [Spender(row[0], *map(int, row[1:])) for row in await self._rows(statement)]

    async def failovers(self, since: float, until: float, failed: Sequence[str]) -> list[Failover]:
        """One model failed with one of these outcomes, and another one went on with the same question."""
        first, other = self._table.alias("first"), self._table.alias("other")
        same = and_(
            other.c.conversation_id == first.c.conversation_id,
            other.c.question_id == first.c.question_id,
            other.c.purpose == first.c.purpose,
            other.c.name != first.c.name,
            other.c.id > first.c.id,
            other.c.outcome.in_(ANSWERED),
        )
        keys = (self._day(first.c.at).label("day"), first.c.name, other.c.name, first.c.outcome)
        statement = (
            select(*keys, func.count(distinct(first.c.id)))
            .select_from(first.join(other, same))
            .where(
                self._within(since, until, first),
                first.c.outcome.in_(failed),
                first.c.purpose.in_(("answer", "digest")),
                first.c.question_id != "",
            )
            .group_by(*keys)
        )
        return [Failover(*row) for row in await self._rows(statement)]

    def _within(self, since: float, until: float, table: FromClause | None = None) -> ColumnElement[bool]:
        """Of calls: that somebody was erased stands in the audit too, and is none."""
        c = (self._table if table is None else table).c
        return and_(c.at >= since, c.at < until, c.purpose != ERASURE)

    def _questions(self, since: float, until: float) -> tuple[ColumnElement[bool], ...]:
        c = self._table.c
        return self._within(since, until), c.purpose.in_(ASKED), c.outcome == "answered"

    def _by_people(self, since: float, until: float) -> tuple[ColumnElement[bool], ...]:
        c = self._table.c
        return self._within(since, until), c.purpose.in_(ASKED), c.person_id != ""

    def _day(self, at: ColumnElement[float]) -> ColumnElement[int]:
        # PostgreSQL rounds where it casts; SQLite cuts off, and may have been built without floor.
        days = at / literal(float(DAY))
        return cast(func.floor(days) if self._database.dialect == "postgresql" else days, Integer)

    async def _rows(self, statement: Executable) -> Sequence[Any]:
        await self._database.writing.settled()
        async with self._database.read() as connection:
            found: Sequence[Any] = (await connection.execute(statement)).all()
            return found


def _calls(row: Sequence[Any]) -> Calls:
    *keys, last = row
    values: list[Any] = [*keys[:6], *map(int, keys[6:]), last]
    return Calls(*values)


def _question(c: Any) -> ColumnElement[str]:
    found: ColumnElement[str] = c.conversation_id + cast(literal("\n"), String) + c.question_id
    return found
