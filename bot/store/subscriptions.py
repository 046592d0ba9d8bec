"""What somebody wants to be told on a schedule: when, what and where, and whether it still runs."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, select, update

from bot.context import Person
from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.inbox_batch import padded
from bot.store.person_keys import Owned
from bot.store.upsert import insert_in

State = Literal["active", "paused", "ended"]


@dataclass(frozen=True, slots=True)
class Subscription:
    """`schedule` is `bot.digests.schedule.Schedule.to_json()`."""

    owner: str
    """Entra object id of the one person who may change it, and with whose rights it is made."""
    tenant: str
    conversation_id: str
    """Where it is sent to; a channel without `;messageid=` gets a new thread each time."""
    kind: str
    """Name of a file in `bot/digests/kinds`."""
    schedule: Mapping[str, Any]
    prompt: str = ""
    """What was asked for, in the person's own words."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """JSON: `model`, `mode`, `empty` (`silent` or `line`), `language`, and what the kind understands besides."""
    name: str = ""
    """The owner's, as Teams shows it."""
    channel_id: str = ""
    """The owner's id in the channel (`29:...`)."""
    state: State = "active"
    why: str = ""
    """Why it is paused or has ended, a short key; empty when the owner wanted it so."""
    told: str = ""
    """The trouble its owner was told of last; told again only after a digest came in between."""
    next_due: float | None = None
    """Seconds since 1970 of the next slot; None when there is none."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: float = 0.0
    """Seconds since 1970; set by the store."""

    @property
    def person(self) -> Person:
        return Person(self.owner, self.name, self.tenant, self.channel_id)


_DETAILS = ("schedule", "prompt", "options", "name", "channel_id")
_PLAIN = ("id", "owner", "tenant", "conversation_id", "kind", "state", "why", "told", "next_due", "created")


class Subscriptions:
    """Raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.digests.subscriptions
        self._one = self._select(self._table.c.id.in_(bindparam("b_ids", expanding=True)))
        self._loading = database.reading.lane(self._load)

    async def save(self, subscription: Subscription) -> Subscription:
        """New, or in place of the one with the same id; `created` stays what it was."""
        table = self._table
        values = {name: getattr(subscription, name) for name in _PLAIN[1:-1]}
        details = {name: _plain(getattr(subscription, name)) for name in _DETAILS}
        values["details"] = Owned(subscription.owner, details)
        await self._database.own([subscription.owner])
        insert = insert_in(self._database.dialect)(table).values(id=subscription.id, created=DatabaseNow(), **values)
        statement = insert.on_conflict_do_update(
            index_elements=["id"], set_={name: insert.excluded[name] for name in values}
        ).returning(table.c.created)
        async with self._database.write() as connection:
            return replace(subscription, created=float((await connection.execute(statement)).scalar_one()))

    async def get(self, id: str) -> Subscription | None:
        return await self._loading(id)

    async def of_owner(self, owner: str) -> list[Subscription]:
        """Oldest first, those that ended as well."""
        return await self._some(self._select(self._table.c.owner == owner))

    async def of_conversation(self, conversation_id: str) -> list[Subscription]:
        """Sent to this conversation, oldest first. A channel's include those of its threads."""
        return await self._some(self._select(self._in(conversation_id)))

    async def all_due(self, now: float, most: int) -> list[Subscription]:
        """Whose next slot has come; the longest overdue first."""
        table = self._table
        due = (table.c.state == "active") & (table.c.next_due <= now)
        return await self._some(self._select(due, table.c.next_due).limit(most))

    async def soonest(self) -> float | None:
        """When the next slot of all is due."""
        statement = select(func.min(self._table.c.next_due)).where(self._table.c.state == "active")
        return await self._database.transaction(
            lambda connection: connection.execute(statement).scalar_one_or_none(), read=True
        )

    async def active(self) -> int:
        statement = select(func.count()).select_from(self._table).where(self._table.c.state == "active")
        async with self._database.read() as connection:
            return int((await connection.execute(statement)).scalar_one())

    async def change(self, id: str, state: State, why: str = "") -> bool:
        """Pauses or ends an active one; False when it was not active."""
        table = self._table
        mine = (table.c.id == id) & (table.c.state == "active")
        async with self._database.write() as connection:
            done = await connection.execute(update(table).where(mine).values(state=state, why=why, next_due=None))
        return bool(done.rowcount)

    async def pause_place(self, conversation_id: str, why: str) -> list[Subscription]:
        """Nobody is there any more, or we are not wanted there. Returns those that were active."""
        found = [one for one in await self.of_conversation(conversation_id) if one.state == "active"]
        return [one for one in found if await self.change(one.id, "paused", why)]

    async def tell(self, id: str, trouble: str) -> bool:
        """Whether its owner is to be told of this trouble: the first time only. An empty one clears it."""
        table = self._table
        news = (table.c.id == id) & (table.c.told != trouble)
        async with self._database.write() as connection:
            return bool((await connection.execute(update(table).where(news).values(told=trouble))).rowcount)

    async def delete(self, id: str) -> None:
        """With its runs, cursors and what was changed about it."""
        await self._forget(self._table.c.id == id)

    async def forget_person(self, owner: str) -> None:
        await self._forget(self._table.c.owner == owner)

    async def _forget(self, which: ColumnElement[bool]) -> None:
        tables = self._database.tables.digests
        ids = select(self._table.c.id).where(which)
        async with self._database.write() as connection:
            for table in (tables.runs, tables.cursors, tables.steering):
                await connection.execute(delete(table).where(table.c.subscription_id.in_(ids)))
            await connection.execute(delete(self._table).where(which))

    def _in(self, conversation_id: str) -> ColumnElement[bool]:
        id = self._table.c.conversation_id
        if ";" in conversation_id:
            return id == conversation_id
        return (id == conversation_id) | id.startswith(f"{conversation_id};", autoescape=True)

    def _select(self, which: ColumnElement[bool], order: ColumnElement[Any] | None = None) -> Select[Any]:
        table = self._table
        columns = [table.c[name] for name in _PLAIN]
        return (
            select(*columns, table.c.details)
            .where(which)
            .order_by(*(order,) if order is not None else (), table.c.created, table.c.id)
        )

    def _load(self, connection: Connection, ids: Sequence[str]) -> Sequence[Subscription | None]:
        rows: Any = connection.execute(self._one, {"b_ids": padded(sorted(set(ids)))})
        found = {row.id: from_row(row._mapping) for row in rows}  # noqa: SLF001 -- as in `_some`
        return [found.get(id) for id in ids]

    async def _some(self, statement: Select[Any]) -> list[Subscription]:
        def read(connection: Connection) -> list[Subscription]:
            rows: Any = connection.execute(statement)
            return [from_row(row._mapping) for row in rows if row.details is not None]  # noqa: SLF001 -- SQLAlchemy's documented name for a row as a mapping

        return await self._database.transaction(read, read=True)


def from_row(row: Mapping[str, Any]) -> Subscription:
    return Subscription(**{name: row[name] for name in _PLAIN}, **{name: row["details"][name] for name in _DETAILS})


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
