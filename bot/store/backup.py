"""What people set up, in a file: their digests, what they had remembered, what they chose, and where they can be answered.

For whole databases there are better tools (`pg_dump`, SQLite's `.backup`); this file moves between SQLite and PostgreSQL and between
versions. Each line is encrypted with the ENCRYPTION_KEYS and numbered, so that a cut or mixed file is refused. Restored is what is
not there: what people changed since stays, and so does that somebody was erased since.
"""

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from bot.context import Place
from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.encryption import Encrypted, WrongKey
from bot.store.person_keys import Owned
from bot.store.shredding import who
from bot.store.tables import Tables
from bot.store.upsert import insert_once

MAGIC = b"parley-backup 1"
_AT_ONCE = 200


class NotABackup(ValueError):
    """The sentence says what is wrong with the file."""


@dataclass(slots=True)
class Restored:
    """Rows, by table."""

    new: dict[str, int] = field(default_factory=dict[str, int])
    there: dict[str, int] = field(default_factory=dict[str, int])
    """Left as they are."""
    erased: int = 0
    """Of people who were erased after the backup was made."""


@dataclass(frozen=True, slots=True)
class _Row:
    table: str
    person_id: str
    """Whose it is; empty for nobody's in particular."""
    values: Mapping[str, Any]


def _tables(tables: Tables) -> Mapping[str, Table]:
    digests = tables.digests
    kept = (
        digests.subscriptions,
        digests.steering,
        digests.cursors,
        tables.memories,
        tables.preferences,
        tables.references,
    )
    return {table.name: table for table in kept}


async def save(database: Database, write: Callable[[bytes], object]) -> int:
    """Writes a backup as of one moment, in pieces; how many rows. Raises `StoreError` and `WrongKey`."""

    def run(connection: Connection) -> int:
        if database.dialect == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        made = float(connection.execute(select(DatabaseNow())).scalar_one())
        write(MAGIC + b"\n")
        records = [{"made": made}, *_records(connection, database.tables)]
        for number, record in enumerate([*records, {"rows": len(records) - 1}]):
            data = json.dumps({"n": number, **record}, separators=(",", ":")).encode()
            write(database.cipher.encrypt(data) + b"\n")
        return len(records) - 1

    return await database.transaction(run, read=True)


def _records(connection: Connection, tables: Tables) -> Iterator[dict[str, Any]]:
    for name, table in _tables(tables).items():
        statement = select(table).order_by(*table.primary_key.columns)
        for row in connection.execute(statement).mappings():
            lost = any(isinstance(c.type, Encrypted) and not c.nullable and row[c.name] is None for c in table.columns)
            if not lost:  # it was somebody's who was erased
                yield {"table": name, "row": dict(row)}


async def restore(database: Database, lines: Iterable[bytes]) -> Restored:
    """All of a whole file, or nothing of a broken one; doing it twice changes nothing.

    Raises `NotABackup`, `WrongKey` and `StoreError`.
    """
    made, rows = _read(database, lines)
    done = Restored()
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        erased = await database.transaction(functools.partial(_erased, database, some, made), read=True)
        kept = [row for row in some if row.person_id not in erased]
        done.erased += len(some) - len(kept)
        await database.own({row.person_id for row in kept})
        for row in kept:
            counts = done.new if await _put(database, row) else done.there
            counts[row.table] = counts.get(row.table, 0) + 1
    return done


def _read(database: Database, lines: Iterable[bytes]) -> tuple[float, list[_Row]]:
    found = iter(lines)
    if next(found, b"").rstrip(b"\r\n") != MAGIC:
        raise NotABackup("This is no backup of this version: it does not begin as one.")
    records = [_record(database, number, line.rstrip(b"\r\n")) for number, line in enumerate(found)]
    if not records or "made" not in records[0] or records[-1].get("rows") != len(records) - 2:
        raise NotABackup("The backup is cut off: take another one.")
    owners = {r["row"]["id"]: r["row"]["owner"] for r in records[1:-1] if r["table"] == "subscriptions"}
    owners |= {
        f"conversation:{r['row']['conversation_id']}": r["row"]["person_id"]
        for r in records[1:-1]
        if r["table"] == "conversation_references" and r["row"]["place"] == Place.PERSONAL.value
    }
    tables = _tables(database.tables)
    if unknown := {r["table"] for r in records[1:-1]} - set(tables):
        raise NotABackup(f"The backup holds {', '.join(sorted(unknown))}, which this version does not know.")
    rows = [_Row(r["table"], _owner(r["table"], r["row"], owners), r["row"]) for r in records[1:-1]]
    return float(records[0]["made"]), rows


def _record(database: Database, number: int, line: bytes) -> Mapping[str, Any]:
    try:
        record: dict[str, Any] = json.loads(database.cipher.decrypt(line))
    except WrongKey:
        raise WrongKey(
            f"Line {number + 2} of the backup opens with none of the ENCRYPTION_KEYS, or is damaged."
        ) from None
    if record.pop("n", None) != number:
        raise NotABackup("Lines of the backup are missing, or stand in another order.")
    return record


def _owner(table: str, row: Mapping[str, Any], owners: Mapping[str, str]) -> str:
    match table:
        case "subscriptions" | "steering":
            return str(row["owner"])
        case "cursors":
            return owners.get(row["subscription_id"], "")
        case "memories":
            return str(row["person_id"])
        case "preferences":
            kind, _, id = str(row["owner"]).partition(":")
            return id if kind == "person" else owners.get(row["owner"], "")
    return owners.get(f"conversation:{row['conversation_id']}", "")


def _erased(database: Database, rows: Sequence[_Row], made: float, connection: Connection) -> frozenset[str]:
    keys = database.tables.person_keys
    marks = {who(database.audit_key, row.person_id): row.person_id for row in rows if row.person_id}
    since = select(keys.c.who).where(keys.c.who.in_(list(marks)), keys.c.erased >= made)
    return frozenset(marks[mark] for mark in connection.execute(since).scalars())


async def _put(database: Database, row: _Row) -> bool:
    """Whether it was not there."""
    table = _tables(database.tables)[row.table]
    private = (
        row.table not in {"conversation_references", "preferences"}
        or row.values.get("owner") == f"person:{row.person_id}"
    )
    owner = row.person_id if private else ""
    values = {
        column.name: Owned(owner, row.values[column.name])
        if isinstance(column.type, Encrypted)
        else row.values[column.name]
        for column in table.columns
        if column.name in row.values
    }
    if row.table == "memories":
        return await _put_memory(database, table, values)
    key = {column.name: values.pop(column.name) for column in table.primary_key.columns}
    statement = insert_once(database.dialect, table, key, values)
    return await database.transaction(lambda connection: bool(connection.execute(statement).rowcount))


async def _put_memory(database: Database, table: Table, values: dict[str, Any]) -> bool:
    """Numbered anew. One a turn and owner, as `bot.store.memories` has it."""
    del values["id"]
    same = (table.c.owner == values["owner"]) & (table.c.turn_id == values["turn_id"])

    def run(connection: Connection) -> bool:
        if connection.execute(select(table.c.id).where(same)).first() is not None:
            return False
        connection.execute(insert(table).values(values))
        return True

    return await database.transaction(run)
