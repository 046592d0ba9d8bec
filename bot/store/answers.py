"""What was answered, by the channel's id of the message: its buttons, thumbs, edits and its list of sources refer to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Delete, bindparam, delete, select

from bot.context import Incoming
from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.pending import incoming_from_json, incoming_to_json
from bot.store.person_keys import Owned
from bot.store.references import flat
from bot.store.shared import Rank
from bot.store.upsert import upsert
from providers.base import Usage

STOPPED = "stopped"
"""`Kept.ending` of an answer that its person ended; other values are those of `bot.agent.loop.Cause`."""


@dataclass(frozen=True, slots=True)
class Read:
    """A document the model was given."""

    title: str
    link: str
    kind: str
    """`graph.base.Document.kind`."""
    author: str = ""
    modified: str = ""
    """ISO 8601, UTC."""
    place: str = ""
    position: int = 0
    """The number it has in the answer; 0 for one that was read and not cited."""


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was not used, or not searched, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Kept:
    asked: Incoming
    """The question as it came: asking another model starts from it."""
    text: str
    """The answer as it was shown; empty when nothing came."""
    model: str
    """The configured model's name (`claude`)."""
    answered_by: str
    """The model that really answered, as its vendor names it; empty when none did."""
    usage: Usage = field(default_factory=Usage)
    read: tuple[Read, ...] = ()
    searched: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    skipped: tuple[Left, ...] = ()
    failed: tuple[Left, ...] = ()
    ending: str = ""
    """Why the answer is not whole; empty when it is."""
    label: str = ""
    """Sensitivity label of the answer."""
    members: tuple[str, ...] = ()
    """Entra object ids of everybody who could read it in a shared place when it was given."""
    suggestions: tuple[str, ...] = ()
    """What was offered under it, word for word."""
    row: str = ""
    """The row of the policy's table that named the model; `otherwise` when none did, empty when somebody chose it."""
    created: float = 0.0
    """Seconds since 1970; set by the store."""

    @property
    def turn_id(self) -> str:
        return self.asked.id

    @property
    def person_id(self) -> str:
        return self.asked.reference.person.id

    @property
    def question(self) -> str:
        return self.asked.text


@dataclass(frozen=True, slots=True)
class Answer:
    conversation_id: str
    message_id: str
    kept: Kept


class Answers:
    """`conversation_id` is with the thread's root. Raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.answers
        key: dict[str, Any] = {name: bindparam(name) for name in ("conversation_id", "message_id")}
        values: dict[str, Any] = {name: bindparam(name) for name in ("turn_id", "person_id", "details")}
        self._upsert = upsert(database.dialect, self._table, key, {**values, "created": DatabaseNow()})
        self._saving = database.writing.lane(self._save, Rank.ANSWERS)

    async def save(self, conversation_id: str, message_id: str, kept: Kept) -> None:
        """Saving a message again replaces what was kept of it."""
        await self._database.own([kept.person_id])
        await self._saving(Answer(conversation_id, message_id, kept))

    def _save(self, connection: Connection, answers: Sequence[Answer]) -> Sequence[None]:
        newest = {(answer.conversation_id, answer.message_id): answer.kept for answer in answers}
        rows = [
            {
                "conversation_id": conversation_id,
                "message_id": message_id,
                "turn_id": kept.turn_id,
                "person_id": kept.person_id,
                "details": Owned(kept.person_id, _to_json(kept)),
            }
            # In one order everywhere, so that two processes can't wait for each other's rows.
            for (conversation_id, message_id), kept in sorted(newest.items(), key=lambda item: item[0])
        ]
        connection.execute(self._upsert, rows)
        return [None] * len(answers)

    async def get(self, conversation_id: str, message_id: str) -> Answer | None:
        """Also when the conversation is named without its thread: some events of Teams do so."""
        table = self._table
        bare = conversation_id.partition(";")[0]
        thread = table.c.conversation_id.startswith(f"{bare};", autoescape=True)
        found = await self._newest(
            (table.c.conversation_id.in_((conversation_id, bare)) | thread), message_id=message_id
        )
        return found[0] if found else None

    async def by_turn(self, conversation_id: str, turn_id: str) -> Answer | None:
        """The newest answer to the message with this id."""
        table = self._table
        found = await self._newest(table.c.conversation_id == conversation_id, turn_id=turn_id)
        return found[0] if found else None

    async def of_turns(self, conversation_ids: Collection[str], turn_ids: Collection[str]) -> list[Answer]:
        """All answers to these messages, other models' included, newest first."""
        table = self._table
        where = table.c.conversation_id.in_(conversation_ids) & table.c.turn_id.in_(turn_ids)
        return await self._newest(where, most=None)

    async def latest(self, conversation_id: str, person_id: str, *, most: int = 10) -> Answer | None:
        """The newest answer there that this person may see: a private one only if it was theirs."""
        here = self._table.c.conversation_id == conversation_id
        for answer in await self._newest(here, most=most):
            if not answer.kept.asked.targeted or answer.kept.person_id == person_id:
                return answer
        return None

    async def of_person(self, person_id: str) -> list[Answer]:
        """All answers to this person's questions, newest first."""
        return await self._newest(self._table.c.person_id == person_id, most=None)

    async def delete(self, conversation_id: str, message_id: str) -> None:
        table = self._table
        await self._delete(
            delete(table).where(table.c.conversation_id == conversation_id, table.c.message_id == message_id)
        )

    async def delete_turn(self, conversation_id: str, turn_id: str) -> None:
        table = self._table
        await self._delete(delete(table).where(table.c.conversation_id == conversation_id, table.c.turn_id == turn_id))

    async def delete_conversation(self, conversation_id: str) -> None:
        await self._delete(delete(self._table).where(self._table.c.conversation_id == conversation_id))

    async def forget_person(self, person_id: str) -> None:
        await self._delete(delete(self._table).where(self._table.c.person_id == person_id))

    async def _delete(self, statement: Delete) -> None:
        await self._database.transaction(lambda connection: connection.execute(statement))

    async def _newest(self, where: ColumnElement[bool], *, most: int | None = 1, **equal: str) -> list[Answer]:
        table = self._table
        columns = (table.c.conversation_id, table.c.message_id, table.c.details, table.c.created)
        statement = (
            select(*columns)
            .where(where, *(table.c[name] == value for name, value in equal.items()))
            .order_by(table.c.created.desc(), table.c.message_id.desc())
            .limit(most)
        )
        rows = await self._database.transaction(lambda connection: connection.execute(statement).all(), read=True)
        return [
            Answer(row.conversation_id, row.message_id, replace(_from_json(row.details), created=row.created))
            for row in rows
            if row.details is not None
        ]


def _to_json(kept: Kept) -> dict[str, Any]:
    lists = {name: [flat(one) for one in getattr(kept, name)] for name in ("read", "skipped", "failed")}
    return {**flat(kept), "asked": incoming_to_json(kept.asked), "usage": flat(kept.usage), **lists}


def _from_json(value: Mapping[str, Any]) -> Kept:
    """Of what `_to_json` wrote; raises TypeError or KeyError for anything else."""
    fixed = {
        "asked": incoming_from_json(value["asked"]),
        "usage": Usage(**value["usage"]),
        "read": tuple(Read(**read) for read in value["read"]),
        "skipped": _left(value["skipped"]),
        "failed": _left(value["failed"]),
        **{name: tuple(value[name]) for name in ("searched", "words", "members", "suggestions")},
    }
    return Kept(**{**value, **fixed})


def _left(stored: Sequence[Mapping[str, str]]) -> tuple[Left, ...]:
    return tuple(Left(**left) for left in stored)
