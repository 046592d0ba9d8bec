"""What is left of a person outside their own rows: where they can be answered, counters, messages that others' rows hold."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, or_, select, update

from bot.context import Person, Place
from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.references import reference_from_json, reference_to_json

_MONTH_SECONDS = 31 * 86400.0


def forget_traces(
    connection: Connection, database: Database, person_id: str, chats: Collection[str], *, gone: bool
) -> None:
    """`chats`: those nobody else is in. Who is not `gone` keeps being answered, and this month's counter of their budget."""
    tables = database.tables
    mine = tables.spending.c.owner == f"person:{person_id}"
    past = tables.spending.c.updated < DatabaseNow() - _MONTH_SECONDS
    connection.execute(delete(tables.spending).where(mine, *([] if gone else [past])))
    connection.execute(delete(tables.protection.leavers).where(tables.protection.leavers.c.person_id == person_id))
    _blank(connection, tables.inbox, person_id, chats)
    _unname_places(connection, tables.references, person_id)
    if gone:
        _leave(connection, database, person_id, chats)


def _blank(connection: Connection, inbox: Table, person_id: str, chats: Collection[str]) -> None:
    """A row without its activity still tells a repeated delivery from a new one."""
    over = inbox.c.finished.is_not(None)
    connection.execute(update(inbox).where(inbox.c.conversation_id.in_(chats), over).values(activity=None))
    kept = select(inbox.c.seq, inbox.c.activity).where(over, inbox.c.activity.is_not(None))
    theirs = [row.seq for row in connection.execute(kept) if _by(row.activity, person_id)]
    for seq in theirs:
        connection.execute(update(inbox).where(inbox.c.seq == seq).values(activity=None))


def _by(activity: bytes, person_id: str) -> bool:
    """Whether they sent it: what somebody else said about them is the other one's."""
    try:
        found: Any = json.loads(activity)
    except ValueError:
        return False
    sender = found.get("from") if isinstance(found, dict) else None
    return isinstance(sender, Mapping) and sender.get("aadObjectId") == person_id


def _unname_places(connection: Connection, references: Table, person_id: str) -> None:
    """Of a place that others are in too we know who wrote there last: it stays, without them."""
    shared = and_(references.c.person_id == person_id, references.c.place != Place.PERSONAL.value)
    for row in connection.execute(select(references.c.conversation_id, references.c.reference).where(shared)).all():
        found = reference_from_json(row.reference)
        nobody = replace(found, person=Person("", "", found.person.tenant))
        where = references.c.conversation_id == row.conversation_id
        values = {"person_id": "", "reference": reference_to_json(nobody)}
        connection.execute(update(references).where(where).values(values))


def _leave(connection: Connection, database: Database, person_id: str, chats: Collection[str]) -> None:
    tables = database.tables
    reserved = tables.reservations.c.owner == f"person:{person_id}"
    connection.execute(delete(tables.reservations).where(reserved))
    owners = [f"conversation:{id}" for id in chats]
    connection.execute(delete(tables.preferences).where(tables.preferences.c.owner.in_(owners)))
    private = f";only={person_id}"
    for table in (tables.references, tables.inbox, tables.leases, tables.transcripts, tables.summaries):
        connection.execute(delete(table).where(_theirs(table, chats, private)))
    mine = and_(tables.references.c.person_id == person_id, tables.references.c.place == Place.PERSONAL.value)
    connection.execute(delete(tables.references).where(mine))


def _theirs(table: Table, chats: Collection[str], private: str) -> ColumnElement[bool]:
    id = table.c.conversation_id
    return or_(id.in_(sorted(chats)), id.endswith(private, autoescape=True))
