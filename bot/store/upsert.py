"""INSERT ... ON CONFLICT in the dialect at hand: both databases have it, SQLAlchemy keeps it in two modules."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(dialect: str, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> Executable:
    """Writes `values` under the unique `key`, whether the row is there or not."""
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table).values({**key, **values})
    return insert.on_conflict_do_update(index_elements=list(key), set_={name: insert.excluded[name] for name in values})


def insert_once(dialect: str, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> Executable:
    """Writes the row unless there is one under the unique `key`: then its rowcount is 0."""
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table).values({**key, **values})
    return insert.on_conflict_do_nothing(index_elements=list(key))
