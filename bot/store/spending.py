"""Counts what is spent, by owner and month, in the same transaction as the audit's row; and sets aside what calls under way may cost.

A hard stop holds over all processes: near the end of a budget each call first sets aside the most it can cost, under a lock on
its owners' counters, and is refused when that does not fit. Far from the end, where not even as many calls as there are at once
could reach it, nothing is written before a call.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from bot.store.audit import Row, values
from bot.store.chain import Chain, append
from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.shared import Rank
from bot.store.upsert import insert_in

EXPIRES_SECONDS = 900.0
"""What a process set aside that died is free again after this; no model call takes as long."""


@dataclass(frozen=True, slots=True)
class Limited:
    """An owner with a budget, in millionths of a US dollar."""

    owner: str
    limit: int
    at_once: int
    """How many calls of this owner may be under way at the same time, for all that we know."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A call that is about to be made."""

    id: str
    month: str
    most: int
    """What it can cost at most."""
    owners: tuple[Limited, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """A call that is over. Its row's cost goes to all `owners`, limited or not."""

    row: Row
    month: str
    owners: tuple[str, ...]
    reserved: str = ""
    """`Ahead.id`, when something was set aside."""
    marks: Mapping[str, tuple[tuple[int, int], ...]] | None = None
    """By owner, amounts with the percentage each of them is, from least to most: who is told when one is reached."""


Reached = Mapping[str, int]
"""The highest mark, in percent, that an owner has reached and was not told of before."""


@dataclass(frozen=True, slots=True)
class Refusal:
    owner: str


class Spending:
    """Raises `StoreError`. Owners are `bot.cost.budgets.Owner.key`; months are written `2026-11`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tables = database.tables
        self._looking = database.reading.lane(self._far)
        self._reserving = database.writing.lane(self._reserve, Rank.RESERVATIONS)
        self._settling = database.writing.lane(self._settle, Rank.SPENDING)
        self._chain = Chain.begin(database.audit_key)

    async def spent(self, owners: Iterable[str], month: str) -> dict[str, int]:
        """Settled only; owners without any are left out."""
        table = self._tables.spending
        where = (table.c.owner.in_(set(owners)), table.c.month == month)
        await self._database.writing.settled()
        async with self._database.read() as connection:
            rows = await connection.execute(select(table.c.owner, table.c.spent).where(*where))
            return {row.owner: row.spent for row in rows}

    async def reserve(self, ahead: Ahead) -> bool | Refusal:
        """Whether something was set aside; a `Refusal` when it does not fit somebody's budget."""
        if not ahead.owners:
            return False
        if await self._looking(ahead):
            return False
        return await self._reserving(ahead)

    def settle(self, settled: Settled) -> Awaitable[Reached]:
        """Writes the row, counts its cost and gives back what was set aside: all or nothing.

        It stands in the order of all writes when this returns: what is written afterwards is never there without it.
        """
        return self._settling.put(settled)

    def _far(self, connection: Connection, group: Sequence[Ahead]) -> list[bool]:
        """Whether each is far from the end of all its budgets."""
        used = self._used(connection, group)
        return [
            all(used(one.owner, ahead.month) + one.at_once * ahead.most <= one.limit for one in ahead.owners)
            for ahead in group
        ]

    def _reserve(self, connection: Connection, group: Sequence[Ahead]) -> list[bool | Refusal]:
        self._add(connection, {(one.owner, ahead.month): 0 for ahead in group for one in ahead.owners})
        used, now = self._used(connection, group), dict[tuple[str, str], int]()
        answers: list[bool | Refusal] = []
        rows: list[dict[str, object]] = []
        for ahead in group:
            taken = {
                one.owner: used(one.owner, ahead.month) + now.get((one.owner, ahead.month), 0) for one in ahead.owners
            }
            over = next((one.owner for one in ahead.owners if taken[one.owner] + ahead.most > one.limit), "")
            answers.append(Refusal(over) if over else True)
            for one in () if over else ahead.owners:
                now[one.owner, ahead.month] = now.get((one.owner, ahead.month), 0) + ahead.most
                rows.append({"owner": one.owner, "id": ahead.id, "month": ahead.month, "amount": ahead.most})
        if rows:
            statement = insert(self._tables.reservations).values(expires=DatabaseNow() + EXPIRES_SECONDS)
            connection.execute(statement, rows)
        return answers

    def _used(self, connection: Connection, group: Sequence[Ahead]) -> "Callable[[str, str], int]":
        """What is spent or set aside."""
        owners = {one.owner for ahead in group for one in ahead.owners}
        spending, kept = self._tables.spending, self._tables.reservations
        statement = select(spending.c.owner, spending.c.month, spending.c.spent).where(spending.c.owner.in_(owners))
        used = {(owner, month): int(spent) for owner, month, spent in connection.execute(statement)}
        aside = (
            select(kept.c.owner, kept.c.month, func.sum(kept.c.amount))
            .where(kept.c.owner.in_(owners), kept.c.expires > DatabaseNow())
            .group_by(kept.c.owner, kept.c.month)
        )
        for owner, month, amount in connection.execute(aside):
            used[owner, month] = used.get((owner, month), 0) + int(amount)
        return lambda owner, month: used.get((owner, month), 0)

    def _settle(self, connection: Connection, group: Sequence[Settled]) -> list[Reached]:
        added: dict[tuple[str, str], int] = {}
        for one in group:
            for owner in one.owners:
                added[owner, one.month] = added.get((owner, one.month), 0) + (one.row.cost or 0)
        now = self._add(connection, added)
        rows = [values(one.row) for one in group]
        self._chain = append(connection, self._tables.audit, self._tables.protection.heads, self._chain, rows)
        kept = self._tables.reservations
        if reserved := [one.reserved for one in group if one.reserved]:
            connection.execute(delete(kept).where(kept.c.id.in_(reserved)))
        return [self._reached(connection, one, now) for one in group]

    def _reached(self, connection: Connection, one: Settled, now: dict[tuple[str, str], tuple[int, int]]) -> Reached:
        table, found = self._tables.spending, dict[str, int]()
        for owner, marks in (one.marks or {}).items():
            spent, warned = now[owner, one.month]
            mark = max((percent for amount, percent in marks if spent >= amount), default=0)
            if mark > warned:
                found[owner] = mark
                now[owner, one.month] = spent, mark
                mine = (table.c.owner == owner) & (table.c.month == one.month)
                connection.execute(update(table).where(mine).values(warned=mark))
        return found

    def _add(
        self, connection: Connection, added: Mapping[tuple[str, str], int]
    ) -> dict[tuple[str, str], tuple[int, int]]:
        """Adds to the counters and locks them until the transaction ends; (spent, warned) of each afterwards.

        In one order for everybody, so that no two transactions wait for each other.
        """
        table = self._tables.spending
        rows = [
            {"owner": owner, "month": month, "spent": amount, "warned": 0, "updated": DatabaseNow()}
            for (owner, month), amount in sorted(added.items())
        ]
        if not rows:
            return {}
        new = insert_in(self._database.dialect)(table).values(rows)
        statement = new.on_conflict_do_update(
            index_elements=["owner", "month"],
            set_={"spent": table.c.spent + new.excluded.spent, "updated": new.excluded.updated},
        ).returning(table.c.owner, table.c.month, table.c.spent, table.c.warned)
        return {(owner, month): (spent, warned) for owner, month, spent, warned in connection.execute(statement)}
