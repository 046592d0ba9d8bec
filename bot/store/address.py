"""What DATABASE_URL names: the driver's own address for it, and how SQLite's file is set up."""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 10.0


def _connecting(url: URL) -> Callable[..., Awaitable[Any]]:
    """SQLAlchemy lets the driver's own errors through while a connection is made; they become what a refused socket is."""
    asyncpg = url.get_dialect().import_dbapi().asyncpg

    async def connect(*arguments: Any, **options: Any) -> Any:
        try:
            return await asyncpg.connect(*arguments, **options)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise ConnectionError(f"PostgreSQL refused the connection: {error}") from error

    return connect


def address_of(database_url: str) -> tuple[URL, Mapping[str, Any]]:
    """With our drivers, and what these are to be given. Raises ValueError with a sentence."""
    try:
        url = make_url(database_url)
    except ArgumentError:
        raise ValueError("DATABASE_URL is not an address. Use sqlite:///file or postgresql://user@host/name.") from None
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite+aiosqlite"), {"timeout": BUSY_SECONDS}
    if backend in {"postgresql", "postgres"}:
        # libpq's name for it; asyncpg takes the same words under another one
        mode = url.query.get("sslmode")
        url = url.set(drivername="postgresql+asyncpg").difference_update_query(["sslmode"])
        arguments: dict[str, Any] = {
            "async_creator_fn": _connecting(url),
            "timeout": 10.0,
            "command_timeout": 30.0,
            "server_settings": {"application_name": "parley", "jit": "off"},
        }
        return url, arguments | ({"ssl": mode} if mode else {})
    raise ValueError("DATABASE_URL must be sqlite:///file or postgresql://user@host/name.")


def prepare_file(path: Path) -> None:
    """Write-ahead logging is a property of the file; switching to it can fail while another process opens the same file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")  # waits for others here: the switch itself would not
        connection.execute("COMMIT")
        for attempt in range(50):
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError:
                if attempt == 49:
                    raise
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("COMMIT")
    finally:
        connection.close()


def set_up_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver's own implicit BEGIN would hide ours
    cursor = connection.cursor()
    # FAST overwrites what is deleted where that costs no write more; the rest goes when somebody is erased.
    kept = ("synchronous = FULL", "foreign_keys = ON", "secure_delete = FAST")
    for pragma in (*kept, f"busy_timeout = {int(BUSY_SECONDS * 1000)}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("parley_read", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
