"""One row for each due time of a subscription: what became of it, what was read for it, and how far each source was told.

The row is the truth about a digest, whatever engine works on it: a step looks here first, and what it did is written here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.person_keys import Owned
from bot.store.run import (
    LATE_SECONDS,
    OVER_NOW,
    PLAIN,
    SIGNED_IN,
    UNFINISHED,
    Plan,
    Record,
    Run,
    State,
    from_row,
    record_to_json,
    to_row,
)
from bot.store.run_statements import RunStatements
from bot.store.upsert import insert_in, upsert

__all__ = ["Plan", "Record", "Run", "Runs", "State"]


class Runs:
    """`now` is seconds since 1970. Raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tables = database.tables.digests
        self._table = database.tables.digests.runs
        self._statements = RunStatements(database)

    async def plan(self, plans: Sequence[Plan]) -> None:
        """Moves active subscriptions on from the slot they were due at, each with its runs: by one process only."""
        subscriptions = self._tables.subscriptions

        def run(connection: Connection) -> None:
            for plan in sorted(
                plans, key=lambda one: one.subscription_id
            ):  # one order everywhere: nobody waits in a circle
                mine = (subscriptions.c.id == plan.subscription_id) & (subscriptions.c.next_due == plan.was_due)
                ends = {"state": "ended", "why": OVER_NOW} if plan.next_due is None else {}
                move = update(subscriptions).where(mine, subscriptions.c.state == "active")
                if connection.execute(move.values(next_due=plan.next_due, **ends)).rowcount:
                    self._insert(connection, plan.runs)

        await self._database.transaction(run)

    async def add(self, run: Run) -> None:
        """A slot that is there already stays as it is."""
        await self._database.transaction(lambda connection: self._insert(connection, [run]))

    async def get(self, subscription_id: str, slot: str) -> Run | None:
        return await self._statements.read(lambda connection: self._statements.one(connection, subscription_id, slot))

    async def of_subscription(self, subscription_id: str, most: int) -> list[Run]:
        """Newest first, without content."""
        table = self._table
        mine = self._select().where(table.c.subscription_id == subscription_id)
        return await self._some(mine.order_by(table.c.due.desc(), table.c.slot.desc()).limit(most))

    async def told(self, subscription_id: str) -> tuple[Run | None, dict[str, Any]]:
        """(the last one that was delivered, how far each source was told in it)"""
        table, kept = self._table, self._tables.cursors
        mine = (table.c.subscription_id == subscription_id) & table.c.state.in_(("delivered", "empty"))
        last = self._select().where(mine, table.c.preview == 0).order_by(table.c.due.desc()).limit(1)
        cursors = select(kept.c.source, kept.c.cursor).where(kept.c.subscription_id == subscription_id)

        def read(connection: Connection) -> tuple[Run | None, dict[str, Any]]:
            found = self._rows(connection, last)
            told = {row.source: row.cursor for row in connection.execute(cursors) if row.cursor is not None}
            return found[0] if found else None, told

        return await self._statements.read(read)

    async def to_take_up(self, now: float, most: int) -> list[Run]:
        """Unfinished ones whose time has come, the longest overdue first."""
        table = self._table
        waiting = table.c.state.in_(UNFINISHED) & (table.c.again <= now)
        return await self._some(
            self._select().where(waiting).order_by(table.c.again, table.c.subscription_id).limit(most)
        )

    async def taken_up(self, taken: Sequence[Run], again: float) -> None:
        """Counts an attempt of each, unless another process did, and sets when it is looked after, should nobody end it."""
        table = self._table

        def run(connection: Connection) -> None:
            for one in taken:
                mine = (*self._one(one.subscription_id, one.slot), table.c.attempt == one.attempt)
                connection.execute(
                    update(table)
                    .where(*mine, table.c.state.in_(UNFINISHED))
                    .values(attempt=one.attempt + 1, again=again)
                )

        if taken:
            await self._database.transaction(run)

    async def begin(self, subscription_id: str, slot: str, now: float) -> Run | None:
        """From now on it is composed; None when there is nothing to compose any more."""
        return await self._statements.write(
            subscription_id, lambda connection: self._statements.begin(connection, subscription_id, slot, now)
        )

    async def ready(self, run: Run, content: Mapping[str, Any], record: Record, cost: int | None) -> bool:
        """Stores what will be sent, before any of it is. The first that is stored counts."""
        record_, content_ = Owned(run.owner, record_to_json(record)), Owned(run.owner, content)
        values = {"state": "ready", "content": content_, "record": record_, "cost": cost, "why": ""}
        return await self._change(run, ("composing",), values)

    async def placing(self, run: Run, uncertain: int) -> None:
        """A message is about to be placed. Should nobody hear of it again, it may stand there empty."""
        await self._change(run, ("ready",), {"uncertain": -1 - uncertain})

    async def placed(self, run: Run, message_id: str, uncertain: int) -> None:
        """From now on the digest is a PUT on this message."""
        await self._change(run, ("ready",), {"message_id": message_id, "uncertain": uncertain})

    async def delivered(self, run: Run, cursors: Mapping[str, Any], now: float) -> bool:
        """It stands there, and its sources are told up to here: one transaction."""
        return await self._over(run, "delivered", "ready", cursors, now, {})

    async def empty(self, run: Run, cursors: Mapping[str, Any], record: Record, cost: int | None, now: float) -> bool:
        """There was nothing to say, and the owner wants silence then."""
        more = {"record": Owned(run.owner, record_to_json(record)), "cost": cost}
        return await self._over(run, "empty", "composing", cursors, now, more)

    async def end(self, run: Run, state: State, why: str, now: float) -> bool:
        """Without a digest. False when it had ended already."""
        values = {"state": state, "why": why, "again": None, "finished": None if state == "waiting" else now}
        return await self._change(run, (*UNFINISHED, "waiting"), values)

    async def later(self, run: Run, why: str, again: float) -> bool:
        """Something it needs does not work now; what was composed stays. That is an end of this try."""
        values = {
            "state": "ready" if "outgoing" in (run.content or {}) else "due",
            "why": why,
            "again": again,
            "tries": max(run.tries - 1, 0),
        }
        return await self._change(run, UNFINISHED, values)

    async def handing_in(self, run: Run, batch: Mapping[str, Any]) -> None:
        """A batch is about to be handed in. Should nobody hear of it again, none is handed in a second time."""
        await self._change(run, ("composing",), {"content": Owned(run.owner, {"batch": dict(batch)})})

    async def batched(self, run: Run, batch: Mapping[str, Any], again: float) -> bool:
        """A batch works on it; looked at again then, which is no try that failed."""
        content = Owned(run.owner, {"batch": dict(batch)})
        values = {"state": "due", "content": content, "again": again, "tries": max(run.tries - 1, 0)}
        return await self._change(run, ("composing",), values)

    async def waiting_of(self, owner: str) -> list[Run]:
        """Runs that wait for this person to sign in, oldest first."""
        table = self._table
        mine = (table.c.owner == owner) & (table.c.state == "waiting")
        return await self._some(self._select().where(mine).order_by(table.c.due))

    async def go_on(self, run: Run, now: float) -> bool:
        """The person has signed in."""
        values = {"state": "due", "why": SIGNED_IN, "again": now, "tries": 0, "late": int(now - run.due > LATE_SECONDS)}
        return await self._change(run, ("waiting",), values)

    async def counts(self, since: float) -> dict[State, int]:
        """How many runs due since then are in each state."""
        table = self._table
        statement = select(table.c.state, func.count()).where(table.c.due >= since).group_by(table.c.state)
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(statement)}

    async def recent(self, since: float, states: Iterable[State], most: int) -> list[Run]:
        """Of everybody, newest first: for administrators."""
        table = self._table
        some = self._select().where(table.c.due >= since, table.c.state.in_(tuple(states)))
        return await self._some(some.order_by(table.c.due.desc()).limit(most))

    async def _over(
        self, run: Run, state: State, was: State, cursors: Mapping[str, Any], now: float, more: Mapping[str, Any]
    ) -> bool:
        kept = self._tables.cursors
        values = {"state": state, "why": "", "again": None, "finished": now, **more}
        told = self._tables.subscriptions

        def write(connection: Connection) -> bool:
            if not self._statements.change(connection, run, (was,), values):
                return False
            for source, cursor in sorted(cursors.items()) if not run.preview else ():
                key = {"subscription_id": run.subscription_id, "source": source}
                row = {"cursor": Owned(run.owner, cursor), "updated": DatabaseNow()}
                connection.execute(upsert(self._database.dialect, kept, key, row))
            connection.execute(update(told).where(told.c.id == run.subscription_id, told.c.told != "").values(told=""))
            return True

        return await self._statements.write(run.subscription_id, write)

    async def _change(self, run: Run, was: Sequence[State], values: Mapping[str, Any]) -> bool:
        return await self._statements.write(
            run.subscription_id, lambda connection: self._statements.change(connection, run, was, values)
        )

    def _insert(self, connection: Connection, runs: Sequence[Run]) -> None:
        insert = insert_in(self._database.dialect)(self._table).on_conflict_do_nothing(
            index_elements=["subscription_id", "slot"]
        )
        rows = [to_row(run) for run in runs]
        if rows:
            connection.execute(insert, rows)

    def _one(self, subscription_id: str, slot: str) -> tuple[Any, Any]:
        return self._table.c.subscription_id == subscription_id, self._table.c.slot == slot

    def _select(self, *, content: bool = False) -> Select[Any]:
        table = self._table
        more = (table.c.content,) if content else ()
        return select(*(table.c[name] for name in PLAIN), table.c.record, *more)

    async def _some(self, statement: Select[Any]) -> list[Run]:
        return await self._database.transaction(lambda connection: self._rows(connection, statement), read=True)

    def _rows(self, connection: Connection, statement: Select[Any]) -> list[Run]:
        rows: Any = connection.execute(statement)
        return [from_row(row._mapping) for row in rows]  # noqa: SLF001 -- SQLAlchemy's documented name for a row as a mapping
