"""What somebody changed about their digests with the buttons under them: each a row they can see, and take back."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import delete, select

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.person_keys import Owned
from bot.store.upsert import upsert

Kind = Literal["more", "less", "mute_sender", "mute_topic", "done", "snooze"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_OPPOSITE: Mapping[Kind, Kind] = {"more": "less", "less": "more"}
MOST = 100
"""Of one subscription; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`id` follows from what it is about: the same button pressed twice is one wish."""

    subscription_id: str
    owner: str
    kind: Kind
    about: Mapping[str, Any]
    """What tells the items it is about: `who`, `section`, `thread`, `title`, `id`."""
    until: float | None = None
    """Seconds since 1970; None: until it is taken back."""
    details: Mapping[str, Any] | None = None
    """The item itself, for one that is to come back."""
    created: float = 0.0
    """Seconds since 1970; set by the store."""

    @property
    def id(self) -> str:
        return _id(self.subscription_id, self.kind, self.about)


class Steering:
    """Raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.digests.steering

    async def save(self, wish: Wish) -> None:
        """In place of the same wish, and of its opposite."""
        table = self._table
        row = {
            "owner": wish.owner, "kind": wish.kind, "until": wish.until, "created": DatabaseNow(),
            "details": Owned(wish.owner, {"about": dict(wish.about), "details": wish.details}),
        }  # fmt: skip
        key = {"subscription_id": wish.subscription_id, "id": wish.id}
        opposite = _OPPOSITE.get(wish.kind)
        await self._database.own([wish.owner])
        async with self._database.write() as connection:
            await connection.execute(upsert(self._database.dialect, table, key, row))
            if opposite is not None:
                other = _id(wish.subscription_id, opposite, wish.about)
                await connection.execute(delete(table).where(*self._one(wish.subscription_id, other)))
            mine = select(table.c.id).where(table.c.subscription_id == wish.subscription_id)
            old = list((await connection.execute(mine.order_by(table.c.created.desc()).offset(MOST))).scalars())
            if old:
                surplus = (table.c.subscription_id == wish.subscription_id) & table.c.id.in_(old)
                await connection.execute(delete(table).where(surplus))

    async def of(self, subscription_id: str) -> list[Wish]:
        """Oldest first."""
        table = self._table
        mine = table.c.subscription_id == subscription_id
        statement = select(table).where(mine).order_by(table.c.created, table.c.id)
        rows = await self._database.transaction(lambda connection: connection.execute(statement).all(), read=True)
        return [
            Wish(
                row.subscription_id, row.owner, row.kind, row.details["about"], row.until, row.details["details"],
                row.created,
            )
            for row in rows
            if row.details is not None
        ]  # fmt: skip

    async def undo(self, subscription_id: str, id: str) -> bool:
        """False when it was taken back already."""
        async with self._database.write() as connection:
            gone = await connection.execute(delete(self._table).where(*self._one(subscription_id, id)))
        return bool(gone.rowcount)

    async def clear(self, subscription_id: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(self._table).where(self._table.c.subscription_id == subscription_id))

    def _one(self, subscription_id: str, id: str) -> tuple[Any, Any]:
        return self._table.c.subscription_id == subscription_id, self._table.c.id == id


def _id(subscription_id: str, kind: Kind, about: Mapping[str, Any]) -> str:
    text = json.dumps([subscription_id, kind, dict(about)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
