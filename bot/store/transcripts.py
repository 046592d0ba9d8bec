"""What was said in a conversation, a row a turn. Saving a turn again replaces it, so a repeated turn is not told twice.

A summary (`bot.store.summaries`) stands for the turns up to a row; it is read in the same statement as the turns after it.
"""

import functools
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, delete, text

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.message_json import MalformedTranscript, from_json, to_json
from bot.store.person_keys import Erased, Owned
from bot.store.provenance import ANYBODYS, Provenance
from bot.store.shared import Rank
from bot.store.upsert import upsert
from providers.base import Message

MOST_TOGETHER = 64
KEPT = 2000
KEPT_BYTES = 4096
"""Turns that are kept opened, by their encrypted bytes, and the size up to which they are: at most a few megabytes."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    conversation_id: str
    turns: int
    before: str


class Transcripts:
    """Many turns save and load at the same moment, so both are done together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.transcripts
        key: dict[str, Any] = {name: bindparam(name) for name in ("conversation_id", "turn_id")}
        values = {"messages": bindparam("messages"), "updated": DatabaseNow()}
        self._upsert = upsert(database.dialect, self._table, key, values)
        self._saving = database.writing.lane(self._save, Rank.TRANSCRIPTS)
        self._loading = database.reading.lane(self._load)
        database.forgetting.add(lambda _: self._opened.clear())
        self._opened: OrderedDict[bytes, tuple[tuple[Message, ...], Provenance]] = OrderedDict()

    async def save(
        self, conversation_id: str, turn_id: str, messages: Sequence[Message], provenance: Provenance = ANYBODYS,
        *, person_id: str = "",
    ) -> None:  # fmt: skip
        """All messages of the turn so far; `turn_id` is the activity's id. Call it after each append.

        `person_id`: whose question it was, and under whose key it is kept; in shared conversations too.
        """
        written = {"messages": [to_json(message) for message in messages], **provenance.to_json()}
        owned = Owned(person_id, written)
        await self._database.own([person_id])
        await self._saving({"conversation_id": conversation_id, "turn_id": turn_id, "messages": owned})

    async def load(self, conversation_id: str, *, turns: int, before: str = "") -> tuple[Message, ...]:
        """The messages of the newest `turns` turns, summarised ones included. Else as `recent`."""
        rows = await self._loading(_Wanted(conversation_id, turns, before))
        newest: list[tuple[Message, ...]] = []
        for row in rows:
            with suppress(Erased):
                if row.turn_id and len(newest) < turns:
                    newest.append(self._open(row.stored)[0])
        return tuple(message for messages in reversed(newest) for message in messages)

    async def recent(self, conversation_id: str, *, turns: int, before: str = "") -> "Recent":
        """The summary and the turns after it, oldest first, at most the newest `turns`; the turn `before` left out.

        `before` is the one being worked on. Raises `bot.store.encryption.WrongKey` and
        `bot.store.message_json.MalformedTranscript`.
        """
        after: list[StoredTurn] = []
        summary: Mapping[str, Any] | None = None
        for row in await self._loading(_Wanted(conversation_id, turns, before)):
            if not row.turn_id:
                with suppress(Erased):
                    summary = json.loads(self._database.cipher.decrypt(row.stored))
                break
            with suppress(Erased):
                after.append(StoredTurn(row.seq, row.turn_id, *self._open(row.stored)))
        return Recent(summary, tuple(reversed(after[:turns])))

    def _save(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> Sequence[None]:
        # In one order everywhere, so that two processes can't wait for each other's rows.
        connection.execute(self._upsert, sorted(rows, key=lambda row: (row["conversation_id"], row["turn_id"])))
        return [None] * len(rows)

    def _load(self, connection: Connection, wanted: Sequence[_Wanted]) -> list[list["_Row"]]:
        """Of each conversation the newest turns as they are stored, newest first, its summary among them."""
        return [
            rows
            for start in range(0, len(wanted), MOST_TOGETHER)
            for rows in self._load_some(connection, wanted[start : start + MOST_TOGETHER])
        ]

    def _load_some(self, connection: Connection, wanted: Sequence[_Wanted]) -> list[list["_Row"]]:
        statement = _newest(1 << (len(wanted) - 1).bit_length())
        ids = [one.conversation_id for one in wanted]
        ids += [""] * (statement.size - len(ids))
        parameters: dict[str, Any] = {f"c{number}": id for number, id in enumerate(ids)}
        # One more than asked for: `before` may be among them.
        parameters |= {"most": max(one.turns for one in wanted) + 1}
        found: dict[str, list[_Row]] = {}
        for conversation_id, *row in connection.execute(statement.select, parameters):
            found.setdefault(conversation_id, []).append(_Row(*row))
        closed = (row.stored for rows in found.values() for row in rows if row.stored not in self._opened)
        self._database.cipher.people.fetch(connection, closed)
        return [
            [row for row in found.get(one.conversation_id, []) if row.turn_id != (one.before or None)] for one in wanted
        ]

    def _open(self, stored: bytes) -> tuple[tuple[Message, ...], Provenance]:
        known = self._opened.get(stored)
        if known is not None:
            self._opened.move_to_end(stored)
            return known
        value = json.loads(self._database.cipher.decrypt(stored))
        told = value.get("messages") if isinstance(value, dict) else value
        if not isinstance(told, list):
            raise MalformedTranscript("A stored turn holds no list of messages.")
        provenance = Provenance.from_json(value) if isinstance(value, dict) else ANYBODYS
        opened = tuple(from_json(message) for message in told), provenance
        if len(stored) <= KEPT_BYTES:
            self._opened[stored] = opened
            if len(self._opened) > KEPT:
                self._opened.popitem(last=False)
        return opened

    async def delete(self, conversation_id: str) -> None:
        """With the conversation's summary."""
        summaries = self._database.tables.summaries
        async with self._database.write() as connection:
            await connection.execute(delete(self._table).where(self._table.c.conversation_id == conversation_id))
            await connection.execute(delete(summaries).where(summaries.c.conversation_id == conversation_id))

    async def delete_turn(self, conversation_id: str, turn_id: str) -> None:
        """One turn, because its question was deleted. A summary that covers it goes too: it may hold what was said."""
        table, summaries = self._table, self._database.tables.summaries
        mine = (table.c.conversation_id == conversation_id) & (table.c.turn_id == turn_id)
        async with self._database.write() as connection:
            seq = (await connection.execute(delete(table).where(mine).returning(table.c.seq))).scalar_one_or_none()
            covers = (summaries.c.conversation_id == conversation_id) & (summaries.c.upto >= (seq or 0))
            if seq is not None:
                await connection.execute(delete(summaries).where(covers))


@dataclass(frozen=True, slots=True)
class StoredTurn:
    seq: int
    """Rises from turn to turn."""
    turn_id: str
    messages: tuple[Message, ...]
    provenance: Provenance = ANYBODYS


@dataclass(frozen=True, slots=True)
class Recent:
    summary: Mapping[str, Any] | None
    turns: tuple[StoredTurn, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """`turn_id` is empty for the summary, whose `seq` is that of the last turn it covers."""

    turn_id: str
    stored: bytes
    seq: int


@dataclass(frozen=True, slots=True)
class _Newest:
    size: int
    select: Executable


@functools.cache
def _newest(size: int) -> _Newest:
    """For `size` conversations, in one statement: a limit for each of them is what a plain IN does not give."""
    parts = " UNION ALL ".join(
        f"SELECT * FROM (SELECT conversation_id, turn_id, messages, seq FROM transcripts "  # noqa: S608 -- numbers only
        f"WHERE conversation_id = :c{number} ORDER BY seq DESC LIMIT :most) AS t{number} "
        f"UNION ALL SELECT conversation_id, '', summary, upto FROM summaries WHERE conversation_id = :c{number}"
        for number in range(size)
    )
    ordered = "SELECT conversation_id, turn_id, messages, seq FROM ({}) AS newest ORDER BY seq DESC, turn_id"
    return _Newest(size, text(ordered.format(parts)))
