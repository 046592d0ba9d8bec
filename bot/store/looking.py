"""Looks at a database without changing it: where its schema is, whether it can be written, under which keys its values are."""

import asyncio
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, LargeBinary, create_engine, inspect, select, text, type_coerce
from sqlalchemy.ext.asyncio import create_async_engine

from bot.store.address import address_of
from bot.store.clock import DatabaseNow
from bot.store.database import NoRoom, translated
from bot.store.encryption import Cipher
from bot.store.migrate import revision_of
from bot.store.person_keys import is_personal
from bot.store.rotation import encrypted_columns
from bot.store.system_database import system_engine
from bot.store.tables import Tables

Value = TypeVar("Value")


class NotWritable(NoRoom):
    """It can be read, and we may not write."""


@dataclass(frozen=True, slots=True)
class Look:
    backend: str
    """`sqlite` or `postgresql`."""
    exists: bool
    """False: a file that is made at the first start."""
    revision: str | None = None
    version: int = 0
    """PostgreSQL's major version."""
    encrypted: bool = True
    """Whether the connection to PostgreSQL is."""
    seconds: float = 0.0
    """PostgreSQL's clock, since 1970."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """Values under keys, as far as was looked."""

    by_key: Mapping[int, int] = field(default_factory=dict[int, int])
    """How many, by the number of the key from 0 on."""
    lost: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many open with no key, by `table.column`."""
    whole: bool = True
    """Whether every value was looked at."""


async def look(database_url: str) -> Look:
    """Raises ValueError with a sentence for a bad address, `StoreUnavailable`, `NotWritable` and `StoreError`."""
    url, _ = address_of(database_url)
    if url.get_backend_name() != "sqlite":
        return await _inspected(database_url, _looked_postgresql)
    path = Path(url.database or "")
    if await asyncio.to_thread(path.exists):
        return await _inspected(database_url, _looked_sqlite)
    await asyncio.to_thread(_probe, path)
    return Look("sqlite", exists=False)


async def keyed(database_url: str, keys: list[str], most: int) -> Keyed:
    """`most`: of each column. Raises as `look`, and ValueError for a key that is none."""
    cipher = Cipher(keys)
    url, _ = address_of(database_url)
    if url.get_backend_name() == "sqlite" and not await asyncio.to_thread(Path(url.database or "").exists):
        return Keyed()
    found = await _inspected(database_url, lambda connection: _tokens(connection, Tables(cipher), most))
    return await asyncio.to_thread(_sorted, cipher, found, most)


async def engine_look(database_url: str) -> bool:
    """Whether the durable engine's own tables are there already. Raises `StoreError`, `NotWritable` when it may not make them."""
    return await asyncio.to_thread(_engine_looked, database_url)


async def _inspected(database_url: str, work: Callable[[Connection], Value]) -> Value:
    """`work` in a transaction that is rolled back."""
    url, arguments = address_of(database_url)
    with translated():
        if url.get_backend_name() == "sqlite":
            return await asyncio.to_thread(_in_file, Path(url.database or ""), work)
        engine = create_async_engine(url, connect_args=dict(arguments), hide_parameters=True)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()


def _in_file(path: Path, work: Callable[[Connection], Value]) -> Value:
    # Neither made when it is not there, nor switched to write-ahead logging.
    address = f"{path.absolute().as_uri()}?mode=rw"
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: sqlite3.connect(address, uri=True, timeout=5.0, isolation_level=None),
        hide_parameters=True,
    )
    try:
        with engine.connect() as connection:
            return work(connection)
    finally:
        engine.dispose()


def _looked_sqlite(connection: Connection) -> Look:
    revision = revision_of(connection)
    connection.rollback()
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    connection.exec_driver_sql("ROLLBACK")
    return Look("sqlite", exists=True, revision=revision)


def _looked_postgresql(connection: Connection) -> Look:
    version = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10000
    secure = connection.execute(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).scalar_one_or_none()
    seconds = connection.execute(select(DatabaseNow())).scalar_one()
    revision = revision_of(connection)
    read_only = connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
    may_make = text("SELECT has_schema_privilege(current_schema(), 'CREATE')")
    if read_only or (revision is None and not connection.execute(may_make).scalar_one()):
        raise NotWritable("The database can be read and not written.")
    return Look(
        "postgresql", exists=True, revision=revision, version=version, encrypted=bool(secure), seconds=float(seconds)
    )


def _probe(path: Path) -> None:
    """Whether a file could be made there. Folders that are missing are made at the start."""
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise NotWritable("No file can be made in the folder of the database.") from error


def _tokens(connection: Connection, tables: Tables, most: int) -> dict[str, list[bytes]]:
    there, found = inspect(connection), dict[str, list[bytes]]()
    for table, column in encrypted_columns(tables):
        if there.has_table(table.name):
            raw = type_coerce(column, LargeBinary)
            page = select(raw).where(column.is_not(None)).order_by(*table.primary_key.columns).limit(most)
            found[f"{table.name}.{column.name}"] = list(connection.execute(page).scalars())
    return found


def _sorted(cipher: Cipher, found: Mapping[str, list[bytes]], most: int) -> Keyed:
    by_key, lost = Counter[int](), Counter[str]()
    for name, tokens in found.items():
        for token in tokens:
            if is_personal(token):  # what counts is the key its person's key is under
                continue
            number = cipher.opener(token)
            if number is None:
                lost[name] += 1
            else:
                by_key[number] += 1
    return Keyed(by_key, lost, whole=all(len(tokens) < most for tokens in found.values()))


def _engine_looked(database_url: str) -> bool:
    engine = system_engine(database_url)
    with translated():
        try:
            if engine.dialect.name == "sqlite":
                path = Path(engine.url.database or "")
                if not path.exists():
                    return False
                return _in_file(path, lambda connection: inspect(connection).has_table("workflow_status"))
            with engine.connect() as connection:
                if inspect(connection).has_schema("dbos"):
                    return True
                may = text("SELECT has_database_privilege(current_database(), 'CREATE')")
                if not connection.execute(may).scalar_one():
                    raise NotWritable("The schema of digests is missing and may not be made.")
                return False
        finally:
            engine.dispose()
