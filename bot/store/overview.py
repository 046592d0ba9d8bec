"""Counts over everything else that is stored, for whoever looks after Parley: how much there is, and in which state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, Integer, Table, case, cast, func, literal, or_, select

from bot.store.chain import ERASED
from bot.store.database import Database
from bot.store.run import State

DAY = 86400
MOST_OWNERS = 50


@dataclass(frozen=True, slots=True)
class RunsOfDay:
    day: int
    """Since 1970, UTC."""
    state: State
    runs: int


@dataclass(frozen=True, slots=True)
class Spent:
    owner: str
    """`bot.cost.budgets.Owner.key`."""
    spent: int
    """Millionths of a US dollar."""


class Overview:
    """Times are seconds since 1970. Raises `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tables = database.tables

    async def places(self) -> dict[str, int]:
        """Conversations we were ever in, by place."""
        c = self._tables.references.c
        return dict(await self._pairs(select(c.place, func.count()).group_by(c.place)))

    async def messages(self, since: float) -> dict[str, int]:
        """Messages that are not over, and those that ended since then without anybody knowing how; by state."""
        c = self._tables.inbox.c
        unsure = (c.state == "unknown") & (c.finished >= since)
        under_way = c.state.in_(("waiting", "working", "sending"))
        return dict(await self._pairs(select(c.state, func.count()).where(or_(under_way, unsure)).group_by(c.state)))

    async def runs(self, since: float, until: float) -> list[RunsOfDay]:
        """Digests by the day they were due, without previews."""
        c = self._tables.digests.runs.c
        days = c.due / literal(float(DAY))
        day = cast(func.floor(days) if self._database.dialect == "postgresql" else days, Integer).label("day")
        where = (c.due >= since, c.due < until, c.preview == 0)
        statement = select(day, c.state, func.count()).where(*where).group_by(day, c.state)
        return [RunsOfDay(*row) for row in await self._rows(statement)]

    async def spent(self, month: str) -> list[Spent]:
        """The most expensive first."""
        c = self._tables.spending.c
        statement = select(c.owner, c.spent).where(c.month == month).order_by(c.spent.desc(), c.owner)
        return [Spent(*row) for row in await self._rows(statement.limit(MOST_OWNERS))]

    async def kept(self) -> Mapping[str, tuple[int, int]]:
        """What is stored of people, by kind: rows, and of how many people; 0 where rows name nobody."""
        t = self._tables
        about: Mapping[str, tuple[Table, str]] = {
            "conversations": (t.references, "person_id"),
            "transcripts": (t.transcripts, ""),
            "answers": (t.answers, "person_id"),
            "thumbs": (t.feedback, "person_id"),
            "memories": (t.memories, "person_id"),
            "choices": (t.preferences, ""),
            "heard in threads": (t.heard, "person_id"),
            "waiting for a sign-in": (t.pending, "person_id"),
            "digests": (t.digests.subscriptions, "owner"),
            "runs of digests": (t.digests.runs, "owner"),
            "audit": (t.audit, "person_id"),
        }
        found: dict[str, tuple[int, int]] = {}
        for kind, (table, person) in about.items():
            named = func.nullif(table.c[person], ERASED) if person else None
            people = literal(0) if named is None else func.count(named.distinct())
            found[kind] = tuple((await self._rows(select(func.count(), people).select_from(table)))[0])
        return found

    async def signed_in(self) -> int:
        """People of whom there is a grant; a few may be dead."""
        c = self._tables.token_cache.c
        own = case((c.person_id.contains(":"), 0), else_=1)
        return int((await self._rows(select(func.coalesce(func.sum(own), 0))))[0][0])

    async def _pairs(self, statement: Executable) -> list[tuple[str, int]]:
        return [(row[0], row[1]) for row in await self._rows(statement)]

    async def _rows(self, statement: Executable) -> Any:
        async with self._database.read() as connection:
            return (await connection.execute(statement)).all()
