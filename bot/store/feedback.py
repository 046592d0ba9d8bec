"""What people thought of an answer: a thumb or a reaction, and the words they wrote beside it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.person_keys import Owned
from bot.store.upsert import upsert

THUMB = "thumb"
REACTION = "reaction"


@dataclass(frozen=True, slots=True)
class Opinion:
    conversation_id: str
    message_id: str
    person_id: str
    kind: str
    """`THUMB` or `REACTION`."""
    liked: bool
    text: str = ""
    """What the person wrote, or the reaction's name."""
    offered: bool = False
    """They were asked whether another model shall try."""


class Feedback:
    """One of each kind a person and answer; the last one wins. Raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.feedback

    async def save(self, opinion: Opinion) -> None:
        key = {
            "conversation_id": opinion.conversation_id,
            "message_id": opinion.message_id,
            "person_id": opinion.person_id,
            "kind": opinion.kind,
        }
        values = {
            "liked": int(opinion.liked),
            "details": Owned(opinion.person_id, {"text": opinion.text, "offered": opinion.offered}),
            "updated": DatabaseNow(),
        }
        statement = upsert(self._database.dialect, self._table, key, values)
        await self._database.transaction(lambda connection: connection.execute(statement))

    async def remove(self, conversation_id: str, message_id: str, person_id: str, kind: str) -> None:
        table = self._table
        await self._delete(
            (table.c.conversation_id == conversation_id) & (table.c.message_id == message_id)
            & (table.c.person_id == person_id) & (table.c.kind == kind)
        )  # fmt: skip

    async def of_answer(self, conversation_id: str, message_id: str) -> list[Opinion]:
        table = self._table
        return await self._all((table.c.conversation_id == conversation_id) & (table.c.message_id == message_id))

    async def of_person(self, person_id: str) -> list[Opinion]:
        return await self._all(self._table.c.person_id == person_id)

    async def delete_answer(self, conversation_id: str, message_id: str) -> None:
        table = self._table
        await self._delete((table.c.conversation_id == conversation_id) & (table.c.message_id == message_id))

    async def delete_conversation(self, conversation_id: str) -> None:
        await self._delete(self._table.c.conversation_id == conversation_id)

    async def forget_person(self, person_id: str) -> None:
        await self._delete(self._table.c.person_id == person_id)

    async def _delete(self, where: ColumnElement[bool]) -> None:
        statement = delete(self._table).where(where)
        await self._database.transaction(lambda connection: connection.execute(statement))

    async def _all(self, where: ColumnElement[bool]) -> list[Opinion]:
        table = self._table
        statement = select(table).where(where).order_by(table.c.updated, table.c.message_id)
        rows: list[Any] = await self._database.transaction(
            lambda connection: list(connection.execute(statement).all()), read=True
        )
        return [
            Opinion(row.conversation_id, row.message_id, row.person_id, row.kind, bool(row.liked), **row.details)
            for row in rows
            if row.details is not None
        ]
