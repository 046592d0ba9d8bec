"""One open database: SQLite for one machine, PostgreSQL for several. Migrated, checked and ready when `open` returns.

Durability. A committed transaction survives a killed process and a power cut alike: PostgreSQL by its default
(`synchronous_commit=on`), SQLite by `synchronous=FULL` (https://www.sqlite.org/pragma.html#pragma_synchronous;
NORMAL would survive the kill only, and we promised not to lose what was answered 2xx). Group commit in
`bot/store/inbox.py` pays that one flush per batch, not per message.
"""

import asyncio
import contextlib
import functools
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, make_url, select, text, update
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.store.encryption import Cipher, WrongKey
from bot.store.errors import NoRoom, RolledBack, StoreError, StoreUnavailable
from bot.store.migrate import NEWEST, migrate
from bot.store.shared import Shared
from bot.store.tables import Tables

__all__ = ["Database", "NoRoom", "StoreError", "StoreUnavailable"]  # whoever uses a store finds its errors here

BUSY_SECONDS = 10.0
THREADS = 3  # one writes, since SQLite has one writer; the others read beside it
MIGRATION_LOCK = 0x7061726C6579  # "parley": any constant number that other programs in the database do not use
KEY_CHECK = b"parley"
ROLLED_BACK = frozenset({"40001", "40P01"})
"""serialization_failure, deadlock_detected"""
TRANSIENT_SQLSTATES = ROLLED_BACK | frozenset(
    {
        "55P03",  # lock_not_available
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now
    }
)

NO_ROOM_SQLSTATES = frozenset(
    {
        "53100",  # disk_full
        "58030",  # io_error
        "25006",  # read_only_sql_transaction: a standby, or an administrator's brake
    }
)
NO_ROOM_SQLITE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")
"""How its names of errors begin that a full or failing disk causes (https://www.sqlite.org/rescode.html)."""

Value = TypeVar("Value")


class Database:
    """Build it with `open`. `tables` is shared by the stores, whose statements run in `read` and `write`."""

    def __init__(self, engine: AsyncEngine, cipher: Cipher, tables: Tables, direct: Engine | None = None) -> None:
        """`direct`: SQLite without the asynchronous driver, for whole transactions in threads."""
        self.tables = tables
        self.cipher = cipher
        self.dialect = engine.dialect.name
        self._engine = engine
        self._reader = engine.execution_options(parley_read=True)
        # One writer at a time is SQLite's own rule: queueing here is fair and quick, its busy handler sleeps and polls.
        self._gate = asyncio.Semaphore(1 if self.dialect == "sqlite" else 1_000_000)
        self._direct = direct
        self._direct_reader = direct.execution_options(parley_read=True) if direct is not None else None
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store") if direct is not None else None
        self._has_room = True
        self.writing = Shared(self.transaction)
        self.reading = Shared(functools.partial(self.transaction, read=True))

    @classmethod
    async def open(cls, database_url: str, encryption_keys: Sequence[str], revision: str = NEWEST) -> "Database":
        """`sqlite:///file` or `postgresql://...`; the schema is brought to `revision`.

        Raises ValueError with a sentence for a bad address or key, `WrongKey` when the data is under other keys, and
        `StoreUnavailable`.
        """
        cipher = Cipher(encryption_keys)
        url, arguments = address_of(database_url)
        if url.get_backend_name() == "sqlite":
            await asyncio.to_thread(_prepare_file, Path(url.database or ""))
        engine = create_async_engine(
            url,
            connect_args=dict(arguments),
            hide_parameters=True,
            pool_size=5,
            pool_pre_ping=url.get_backend_name() == "postgresql",
        )
        direct = None
        if url.get_backend_name() == "sqlite":
            direct = create_engine(
                url.set(drivername="sqlite+pysqlite"), connect_args=dict(arguments), hide_parameters=True
            )
            for each in (engine.sync_engine, direct):
                event.listen(each, "connect", _set_up_sqlite)
                event.listen(each, "begin", _begin_sqlite)
            # At DEBUG the driver writes every statement's parameters, people's ids among them, and formats them at a cost.
            logging.getLogger("aiosqlite").setLevel(logging.INFO)
        database = cls(engine, cipher, Tables(cipher), direct)
        try:
            await database._migrate(revision)
        except BaseException:
            await database.aclose()
            raise
        return database

    async def aclose(self) -> None:
        if self._threads is not None and self._direct is not None:
            await asyncio.to_thread(self._threads.shutdown)
            self._direct.dispose()
        await self._engine.dispose()

    async def ping(self) -> str:
        """Of the schema, the revision it is at. After a write that found no room, one write that changes nothing is tried too.

        Raises `StoreError`, of it `StoreUnavailable`, and `NoRoom` as long as nothing can be written.
        """
        if not self._has_room:
            check = self.tables.key_check
            async with self.write() as connection:
                await connection.execute(update(check).where(check.c.id == 1).values(id=1))
        async with self.read() as connection:
            return str((await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one())

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that takes SQLite's write lock at once, so that it can't fail half-way for want of it.

        Raises `StoreError`, and `StoreUnavailable` also when the commit was cut off: then nobody knows whether it happened.
        """
        with self._writing():
            async with self._gate, self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Raises `StoreError`."""
        with translated():
            async with self._reader.connect() as connection:
                yield connection

    async def transaction(self, work: Callable[[Connection], Value], *, read: bool = False) -> Value:
        """Runs `work`, which executes many statements, in one transaction. Errors as in `write` and `read`.

        SQLite runs it in one go in a thread: statement by statement, each would cost several changes between threads,
        which is most of what a message costs. A cancelled caller does not stop a `work` that has begun.
        """
        with translated() if read else self._writing():
            engine = self._direct_reader if read else self._direct
            if engine is not None:
                async with contextlib.nullcontext() if read else self._gate:
                    return await asyncio.get_running_loop().run_in_executor(
                        self._threads, _in_transaction, engine, work
                    )
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with translated():
                yield
        except NoRoom:
            self._has_room = False
            raise
        self._has_room = True

    async def _migrate(self, revision: str) -> None:
        async with self.write() as connection:
            if self.dialect == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            await connection.run_sync(migrate, revision)
            check = self.tables.key_check
            stored = (await connection.execute(select(check.c.value).where(check.c.id == 1))).scalar_one_or_none()
            if stored is None:
                await connection.execute(insert(check).values(id=1, value=self.cipher.encrypt(KEY_CHECK)))
            elif self.cipher.decrypt(stored) != KEY_CHECK:
                raise WrongKey("The database's key check holds a foreign value.")


def _in_transaction(engine: Engine, work: Callable[[Connection], Value]) -> Value:
    with engine.begin() as connection:
        return work(connection)


@contextmanager
def translated() -> Iterator[None]:
    """Whatever SQLAlchemy and the drivers raise becomes `StoreError`, or `StoreUnavailable`."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        if isinstance(error, DBAPIError) and _finds_no_room(error):
            raise NoRoom("The database can't write: its disk is full or failing, or it is read-only.") from error
        if isinstance(error, DBAPIError) and _sqlstate(error) in ROLLED_BACK:
            raise RolledBack("Another process was in the way.") from error
        if isinstance(error, OSError | PoolTimeout) or (isinstance(error, DBAPIError) and _is_transient(error)):
            raise StoreUnavailable("The database does not answer.") from error
        raise StoreError("The database refused a statement.") from error


def _is_transient(error: DBAPIError) -> bool:
    """Whether the same transaction, run again, may work."""
    state = _sqlstate(error)
    busy = isinstance(error, OperationalError) and "locked" in str(error.orig)
    scarce = state.startswith(("08", "53"))  # connection exceptions, insufficient resources
    return error.connection_invalidated or busy or scarce or state in TRANSIENT_SQLSTATES


def _finds_no_room(error: DBAPIError) -> bool:
    name = getattr(error.orig, "sqlite_errorname", None) or ""
    return name.startswith(NO_ROOM_SQLITE) or getattr(error.orig, "sqlstate", None) in NO_ROOM_SQLSTATES


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


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


def _prepare_file(path: Path) -> None:
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


def _set_up_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver's own implicit BEGIN would hide ours
    cursor = connection.cursor()
    for pragma in ("synchronous = FULL", "foreign_keys = ON", f"busy_timeout = {int(BUSY_SECONDS * 1000)}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("parley_read", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
