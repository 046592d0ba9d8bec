"""Everything the database holds about one person: counted, handed out and erased, table by table, in one place.

A table that gets a column about people is added here; tests/store/test_personal.py looks for a person's words in every cell.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, or_, select, tuple_

from bot.context import Place
from bot.store.database import Database
from bot.store.shredding import scrub, shred
from bot.store.traces import forget_traces

GREETED = "greeted"
"""The one choice that outlives erasure: whoever asked to be forgotten is not greeted again for it."""
SIGN_IN_ROWS = ("", "signin:", "admin:", "admin:signin:", "admin:sessions:")
"""What stands before somebody's id in the table of grants: theirs, their visits', and the admin page's."""
_PAIRS = 200
"""Turns named in one statement: SQLite takes 32,766 values, PostgreSQL 32,767."""

_AUDITED = (
    "at", "place", "purpose", "asked", "answered", "door", "input", "cache_read", "cache_write", "output", "reasoning",
    "estimated", "cost", "first_ms", "total_ms", "outcome",
)  # fmt: skip
Kind = str
KINDS: tuple[Kind, ...] = (
    "transcripts",
    "answers",
    "feedback",
    "memories",
    "preferences",
    "heard",
    "pending",
    "subscriptions",
    "runs",
    "steering",
    "audit",
)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where one person's rows of a table are, and what of them is worth showing."""

    table: Table
    mine: ColumnElement[bool]
    shown: tuple[str, ...]


class Personal:
    """`person_id`: Entra object id. `here`: the personal chat somebody asks from, should its reference have been lost.

    Raises `StoreUnavailable`, and ValueError for an empty `person_id`: rows without one belong to many people.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, person_id: str, here: str = "") -> Mapping[Kind, int]:
        def count(connection: Connection) -> dict[Kind, int]:
            found = self._rows(person_id, self._chats(connection, person_id, here))
            return {
                kind: int(
                    connection.execute(select(func.count()).select_from(rows.table).where(rows.mine)).scalar_one()
                )
                for kind, rows in found.items()
            }

        return await self._database.transaction(count, read=True)

    async def export(self, person_id: str, here: str = "") -> Mapping[Kind, list[dict[str, Any]]]:
        """JSON: by kind, each row's columns by name. Times are seconds since 1970."""

        def read(connection: Connection) -> dict[Kind, list[dict[str, Any]]]:
            return {
                kind: [
                    dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's documented name for a row as a mapping
                    for row in connection.execute(select(*(rows.table.c[name] for name in rows.shown)).where(rows.mine))
                ]
                for kind, rows in self._rows(person_id, self._chats(connection, person_id, here)).items()
            }

        return await self._database.transaction(read, read=True)

    async def erase(self, person_id: str, here: str = "", *, gone: bool = False) -> bool:
        """All or nothing, in every process within seconds. Sign-in rows go here as well.

        Whether what stood there is overwritten too (`bot.store.shredding.scrub`).

        Where somebody can be answered stays, unless they are `gone`: then nothing names them any more.
        """

        def run(connection: Connection) -> None:
            chats = self._chats(connection, person_id, here)
            self._forget_turns(connection, person_id)
            tables = self._database.tables
            mine = select(tables.digests.subscriptions.c.id).where(tables.digests.subscriptions.c.owner == person_id)
            cursors = tables.digests.cursors
            connection.execute(delete(cursors).where(cursors.c.subscription_id.in_(mine)))
            for kind, rows in self._rows(person_id, chats).items():
                if kind != "audit":
                    connection.execute(delete(rows.table).where(rows.mine))
            connection.execute(delete(tables.summaries).where(_in(tables.summaries, chats, person_id)))
            tokens = tables.token_cache.c.person_id.in_([f"{prefix}{person_id}" for prefix in SIGN_IN_ROWS])
            connection.execute(delete(tables.token_cache).where(tokens))
            forget_traces(connection, self._database, person_id, chats, gone=gone)
            shred(connection, self._database, person_id)

        await self._database.transaction(run)
        self._database.forgetting(person_id)
        return await scrub(self._database)

    def _forget_turns(self, connection: Connection, person_id: str) -> None:
        """What was asked in shared conversations, and the summaries that may hold it."""
        tables = self._database.tables
        asked = select(tables.answers.c.conversation_id, tables.answers.c.turn_id)
        pairs = [tuple(row) for row in connection.execute(asked.where(tables.answers.c.person_id == person_id))]
        for start in range(0, len(pairs), _PAIRS):
            some = pairs[start : start + _PAIRS]
            turn = tuple_(tables.transcripts.c.conversation_id, tables.transcripts.c.turn_id)
            connection.execute(delete(tables.transcripts).where(turn.in_(some)))
            where = tables.summaries.c.conversation_id.in_({conversation for conversation, _ in some})
            connection.execute(delete(tables.summaries).where(where))

    def _chats(self, connection: Connection, person_id: str, here: str) -> frozenset[str]:
        """The conversations nobody else is in."""
        if not person_id:
            raise ValueError("Nobody's data can't be told from everybody's.")
        found = {here} - {""}
        # The audit still knows them where the app was removed, and the reference with it.
        for table in (self._database.tables.references, self._database.tables.audit):
            mine = (table.c.person_id == person_id) & (table.c.place == Place.PERSONAL.value)
            found |= set(connection.execute(select(table.c.conversation_id).where(mine).distinct()).scalars())
        return frozenset(found)

    def _rows(self, person_id: str, chats: frozenset[str]) -> Mapping[Kind, _Rows]:
        t = self._database.tables
        owners = [f"conversation:{id}" for id in chats]
        chosen = (t.preferences.c.owner == f"person:{person_id}") | (
            t.preferences.c.owner.in_(owners) & (t.preferences.c.name != GREETED)
        )
        remembered = (t.memories.c.person_id == person_id) | (t.memories.c.owner == f"person:{person_id}")
        return {
            "transcripts": _Rows(t.transcripts, _in(t.transcripts, chats, person_id), ("messages", "updated")),
            "answers": _Rows(t.answers, t.answers.c.person_id == person_id, ("details", "created")),
            "feedback": _Rows(t.feedback, t.feedback.c.person_id == person_id, ("kind", "liked", "details", "updated")),
            "memories": _Rows(t.memories, remembered, ("owner", "said", "created")),
            "preferences": _Rows(t.preferences, chosen, ("name", "value", "updated")),
            "heard": _Rows(t.heard, t.heard.c.person_id == person_id, ("said", "created")),
            "pending": _Rows(t.pending, t.pending.c.person_id == person_id, ("question", "created")),
            "subscriptions": _Rows(
                t.digests.subscriptions,
                t.digests.subscriptions.c.owner == person_id,
                ("kind", "conversation_id", "details", "state", "why", "created"),
            ),
            "runs": _Rows(
                t.digests.runs,
                t.digests.runs.c.owner == person_id,
                ("subscription_id", "slot", "state", "why", "due", "finished", "record", "content", "cost"),
            ),
            "steering": _Rows(
                t.digests.steering,
                t.digests.steering.c.owner == person_id,
                ("subscription_id", "kind", "details", "until"),
            ),
            "audit": _Rows(t.audit, t.audit.c.person_id == person_id, _AUDITED),
        }


def _in(table: Table, chats: Iterable[str], person_id: str) -> ColumnElement[bool]:
    """In the person's own chats, or asked privately in a shared place (`Incoming.kept_under`)."""
    id = table.c.conversation_id
    return or_(id.in_(sorted(chats)), id.endswith(f";only={person_id}", autoescape=True))
