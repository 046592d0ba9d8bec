"""INSERT ... ON CONFLICT in the dialect at hand: both databases have it, SQLAlchemy keeps it in two modules."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from sqlalchemy import Executable, Table


def insert_in(dialect: str) -> Callable[[Table], Any]:
    """The dialect's own INSERT, which knows ON CONFLICT. Only that dialect is loaded: both together cost a tenth of a second."""
    found: Callable[[Table], Any] = import_module(f"sqlalchemy.dialects.{dialect}").insert
    return found


def upsert(dialect: str, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> Executable:
    """Writes `values` under the unique `key`, whether the row is there or not."""
    insert = insert_in(dialect)(table).values({**key, **values})
    statement: Executable = insert.on_conflict_do_update(
        index_elements=list(key), set_={name: insert.excluded[name] for name in values}
    )
    return statement


def insert_once(dialect: str, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> Executable:
    """Writes the row unless there is one under the unique `key`: then its rowcount is 0."""
    insert = insert_in(dialect)(table).values({**key, **values})
    statement: Executable = insert.on_conflict_do_nothing(index_elements=list(key))
    return statement
