"""One row for each due time of a subscription: what became of it, what was read for it, and how far each source was told.

The row is the truth about a digest, whatever engine works on it: a step looks here first, and what it did is written here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Select, delete, func, select, update

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.upsert import insert_in, upsert
from providers.base import Usage

State = Literal["due", "composing", "ready", "delivered", "empty", "waiting", "failed", "unknown", "skipped"]
UNFINISHED: tuple[State, ...] = ("due", "composing", "ready")
OVER: tuple[State, ...] = ("delivered", "empty", "failed", "unknown", "skipped")
"""`waiting` is neither: somebody has to sign in first."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a digest was made from: proof that something was done. Names and counts, no content."""

    read: Mapping[str, int] = field(default_factory=dict)
    """Items by source."""
    failed: tuple[str, ...] = ()
    """Sources that did not answer."""
    model: str = ""
    """The model that really answered; empty when none was asked."""
    usage: Usage = field(default_factory=Usage)
    items: int = 0
    """How many the reader is shown."""


@dataclass(frozen=True, slots=True)
class Run:
    """Times are seconds since 1970."""

    subscription_id: str
    slot: str
    """`bot.digests.schedule.Slot.id`, or `now:...` for one the owner asked for in between."""
    owner: str
    tenant: str
    conversation_id: str
    due: float
    state: State = "due"
    why: str = ""
    """Why there is no digest, a short key; empty for one that was delivered."""
    again: float | None = None
    """When it is taken up, anew if it was before; None when nothing is left to do."""
    attempt: int = 0
    preview: bool = False
    """Its cursors do not advance, and nobody counts on it."""
    late: bool = False
    started: float | None = None
    finished: float | None = None
    message_id: str = ""
    uncertain: int = 0
    """Beginnings of its message that may stand empty, since nobody heard whether they arrived. -1 while one is under way."""
    cost: int | None = None
    """Millionths of a US dollar; None when it is not known."""
    record: Record = field(default_factory=Record)
    content: Mapping[str, Any] | None = None
    """`bot.digests.content`, once it is composed."""

    @property
    def activity_id(self) -> str:
        """What the inbox knows its delivery as."""
        return f"digest:{self.subscription_id}:{self.slot}:{self.attempt}"

    @property
    def did_nothing(self) -> bool:
        """Looked at nothing, or nothing it asked answered: it fired and is done, but nothing was done."""
        return self.state in {"delivered", "empty"} and not sum(self.record.read.values())


_PLAIN = (
    "subscription_id", "slot", "owner", "tenant", "conversation_id", "due", "state", "why", "again", "attempt", "preview", "late",
    "started", "finished", "message_id", "uncertain", "cost",
)  # fmt: skip


class Runs:
    """`now` is seconds since 1970. Raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tables = database.tables.digests
        self._table = database.tables.digests.runs

    async def plan(self, subscription_id: str, was_due: float, next_due: float | None, runs: Sequence[Run]) -> bool:
        """Moves an active subscription on from the slot it was due at, and adds runs: all or nothing, by one process only."""
        subscriptions = self._tables.subscriptions
        mine = (subscriptions.c.id == subscription_id) & (subscriptions.c.next_due == was_due)
        ends = {"state": "ended", "why": "over"} if next_due is None else {}
        move = update(subscriptions).where(mine, subscriptions.c.state == "active").values(next_due=next_due, **ends)

        def run(connection: Connection) -> bool:
            if not connection.execute(move).rowcount:
                return False
            self._insert(connection, runs)
            return True

        return await self._database.transaction(run)

    async def add(self, run: Run) -> None:
        """A slot that is there already stays as it is."""
        await self._database.transaction(lambda connection: self._insert(connection, [run]))

    async def get(self, subscription_id: str, slot: str) -> Run | None:
        found = await self._some(self._select(content=True).where(*self._one(subscription_id, slot)))
        return found[0] if found else None

    async def of_subscription(self, subscription_id: str, most: int) -> list[Run]:
        """Newest first, without content."""
        table = self._table
        mine = self._select().where(table.c.subscription_id == subscription_id)
        return await self._some(mine.order_by(table.c.due.desc(), table.c.slot.desc()).limit(most))

    async def last_delivered(self, subscription_id: str) -> Run | None:
        table = self._table
        mine = (table.c.subscription_id == subscription_id) & table.c.state.in_(("delivered", "empty"))
        found = await self._some(self._select().where(mine, table.c.preview == 0).order_by(table.c.due.desc()).limit(1))
        return found[0] if found else None

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
        table = self._table
        mine = (*self._one(subscription_id, slot), table.c.state.in_(("due", "composing")))
        started = func.coalesce(table.c.started, now)
        async with self._database.write() as connection:
            done = await connection.execute(update(table).where(*mine).values(state="composing", started=started))
        return await self.get(subscription_id, slot) if done.rowcount else None

    async def ready(self, run: Run, content: Mapping[str, Any], record: Record, cost: int | None) -> bool:
        """Stores what will be sent, before any of it is. The first that is stored counts."""
        values = {"state": "ready", "content": content, "record": _record(record), "cost": cost, "why": ""}
        return await self._change(run, ("composing",), values)

    async def placing(self, run: Run, uncertain: int) -> None:
        await self._change(run, ("ready",), {"uncertain": uncertain})

    async def placed(self, run: Run, message_id: str, uncertain: int) -> None:
        """From now on the digest is a PUT on this message."""
        await self._change(run, ("ready",), {"message_id": message_id, "uncertain": uncertain})

    async def delivered(self, run: Run, cursors: Mapping[str, Any], now: float) -> bool:
        """It stands there, and its sources are told up to here: one transaction."""
        return await self._over(run, "delivered", "ready", cursors, now, {})

    async def empty(self, run: Run, cursors: Mapping[str, Any], record: Record, cost: int | None, now: float) -> bool:
        """There was nothing to say, and the owner wants silence then."""
        return await self._over(run, "empty", "composing", cursors, now, {"record": _record(record), "cost": cost})

    async def end(self, run: Run, state: State, why: str, now: float) -> bool:
        """Without a digest. False when it had ended already."""
        values = {"state": state, "why": why, "again": None, "finished": None if state == "waiting" else now}
        return await self._change(run, (*UNFINISHED, "waiting"), values)

    async def later(self, run: Run, why: str, again: float) -> bool:
        """Something it needs does not work now; what was composed stays."""
        return await self._change(
            run, UNFINISHED, {"state": "ready" if run.content else "due", "why": why, "again": again}
        )

    async def waiting_of(self, owner: str) -> list[Run]:
        """Runs that wait for this person to sign in, oldest first."""
        table = self._table
        mine = (table.c.owner == owner) & (table.c.state == "waiting")
        return await self._some(self._select().where(mine).order_by(table.c.due))

    async def go_on(self, run: Run, now: float) -> bool:
        """The person has signed in."""
        return await self._change(run, ("waiting",), {"state": "due", "why": "", "again": now})

    async def cursors(self, subscription_id: str) -> dict[str, Any]:
        """By source: as of the last delivered digest."""
        table = self._tables.cursors
        statement = select(table.c.source, table.c.cursor).where(table.c.subscription_id == subscription_id)
        async with self._database.read() as connection:
            return {row.source: row.cursor for row in await connection.execute(statement)}

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

    async def prune(self, content_before: float, before: float) -> int:
        """Forgets what was said in runs that ended before the one time, and runs that ended before the other; how many those were."""
        table = self._table
        async with self._database.write() as connection:
            old = (table.c.finished < content_before) & table.c.content.is_not(None)
            await connection.execute(update(table).where(old).values(content=None))
            return (await connection.execute(delete(table).where(table.c.finished < before))).rowcount

    async def _over(
        self, run: Run, state: State, was: State, cursors: Mapping[str, Any], now: float, more: Mapping[str, Any]
    ) -> bool:
        table, kept = self._table, self._tables.cursors
        values = {"state": state, "why": "", "again": None, "finished": now, **more}
        mine = (*self._one(run.subscription_id, run.slot), table.c.state == was)
        told = self._tables.subscriptions

        def write(connection: Connection) -> bool:
            if not connection.execute(update(table).where(*mine).values(values)).rowcount:
                return False
            for source, cursor in sorted(cursors.items()) if not run.preview else ():
                key = {"subscription_id": run.subscription_id, "source": source}
                row = {"cursor": cursor, "updated": DatabaseNow()}
                connection.execute(upsert(self._database.dialect, kept, key, row))
            connection.execute(update(told).where(told.c.id == run.subscription_id, told.c.told != "").values(told=""))
            return True

        return await self._database.transaction(write)

    async def _change(self, run: Run, was: Sequence[State], values: Mapping[str, Any]) -> bool:
        mine = (*self._one(run.subscription_id, run.slot), self._table.c.state.in_(was))
        async with self._database.write() as connection:
            return bool((await connection.execute(update(self._table).where(*mine).values(**values))).rowcount)

    def _insert(self, connection: Connection, runs: Sequence[Run]) -> None:
        insert = insert_in(self._database.dialect)(self._table).on_conflict_do_nothing(
            index_elements=["subscription_id", "slot"]
        )
        rows = [
            {name: getattr(run, name) for name in _PLAIN} | {"preview": int(run.preview), "late": int(run.late)}
            for run in runs
        ]
        if rows:
            connection.execute(insert, rows)

    def _one(self, subscription_id: str, slot: str) -> tuple[Any, Any]:
        return self._table.c.subscription_id == subscription_id, self._table.c.slot == slot

    def _select(self, *, content: bool = False) -> Select[Any]:
        table = self._table
        more = (table.c.content,) if content else ()
        return select(*(table.c[name] for name in _PLAIN), table.c.record, *more)

    async def _some(self, statement: Select[Any]) -> list[Run]:
        async with self._database.read() as connection:
            rows: Sequence[Any] = (await connection.execute(statement)).all()
        return [_run(row._mapping) for row in rows]  # noqa: SLF001 -- SQLAlchemy's documented name for a row as a mapping


def _run(row: Mapping[str, Any]) -> Run:
    plain = {name: row[name] for name in _PLAIN} | {"preview": bool(row["preview"]), "late": bool(row["late"])}
    record = dict(row["record"] or {})
    if record:
        record |= {"usage": Usage(**record["usage"]), "failed": tuple(record["failed"])}
    return Run(**plain, record=Record(**record), content=row.get("content"))


def _record(record: Record) -> dict[str, Any]:
    return {**asdict(record), "read": dict(record.read), "failed": list(record.failed)}
