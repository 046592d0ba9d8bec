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
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.address import address_of, begin_sqlite, prepare_file, set_up_sqlite
from bot.store.chain import open_key
from bot.store.encryption import Cipher, WrongKey
from bot.store.errors import NoRoom, RolledBack, StoreError, StoreUnavailable
from bot.store.forgetting import Forgetting
from bot.store.migrate import NEWEST, migrate
from bot.store.person_keys import NotReady, make_keys, using
from bot.store.shared import Rank, Shared
from bot.store.tables import Tables
from bot.store.vacuum import vacuum_file

__all__ = ["Database", "NoRoom", "StoreError", "StoreUnavailable"]  # whoever uses a store finds its errors here

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
        self.cipher.people.attach(tables.person_keys)
        self.forgetting = Forgetting()
        """What is to be dropped from memory when somebody is erased; called by whoever erases, and by `bot.store.erasures`."""
        self.forgetting.add(self.cipher.people.forget)
        # SQLAlchemy keeps the values a statement was first built with, whoever they were about.
        for each in (engine.sync_engine, *([direct] if direct is not None else [])):
            self.forgetting.add(lambda _, compiled=each: compiled.clear_compiled_cache())  # type: ignore[misc]
        self.audit_key = b""
        """What the audit's rows are authenticated with; set by `open`."""
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
        self._loading = self.reading.lane(self._load_keys)
        self._making = self.writing.lane(self._make_keys, Rank.KEYS)

    @classmethod
    async def open(cls, database_url: str, encryption_keys: Sequence[str], revision: str = NEWEST) -> "Database":
        """`sqlite:///file` or `postgresql://...`; the schema is brought to `revision`.

        Raises ValueError with a sentence for a bad address or key, `WrongKey` when the data is under other keys, and
        `StoreUnavailable`.
        """
        cipher = Cipher(encryption_keys)
        url, arguments = address_of(database_url)
        if url.get_backend_name() == "sqlite":
            await asyncio.to_thread(prepare_file, Path(url.database or ""))
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
                event.listen(each, "connect", set_up_sqlite)
                event.listen(each, "begin", begin_sqlite)
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
        which is most of what a message costs. A cancelled caller does not stop a `work` that has begun. It may run twice:
        what is a person's is read and written here, and somebody who is new gets their key in between.
        """
        while True:
            try:
                return await self._transaction(work, read=read)
            except NotReady as new:
                await self._own_at_once([new.person_id])

    async def own(self, people: Collection[str]) -> None:
        """What belongs to these people can be written afterwards. Costs nothing for those who wrote a moment ago.

        Whoever comes at the same moment comes along. A key is used only when it was read back: one that was made in a
        transaction that is undone would take with it what was written under it.
        """
        keys = self.cipher.people
        if unknown := keys.unknown(people):
            await self._loading(unknown)
            if new := keys.unknown(unknown):
                await self._making(new)
                await self._loading(new)

    async def _own_at_once(self, people: Sequence[str]) -> None:
        """As `own`, for who stands inside the shared transactions already and would wait for themselves there."""
        await self._transaction(lambda connection: self._make_keys(connection, [people]))
        await self._transaction(lambda connection: self._load_keys(connection, [people]), read=True)

    def _load_keys(self, connection: Connection, groups: Sequence[Collection[str]]) -> Sequence[None]:
        self.cipher.people.load(connection, {person_id for people in groups for person_id in people})
        return [None] * len(groups)

    def _make_keys(self, connection: Connection, groups: Sequence[Collection[str]]) -> Sequence[None]:
        people = {person_id for people in groups for person_id in people}
        make_keys(connection, self.tables.person_keys, sorted(people))
        return [None] * len(groups)

    async def _transaction(self, work: Callable[[Connection], Value], *, read: bool = False) -> Value:
        with translated() if read else self._writing():
            engine = self._direct_reader if read else self._direct
            if engine is not None:
                async with contextlib.nullcontext() if read else self._gate:
                    return await asyncio.get_running_loop().run_in_executor(
                        self._threads, _in_transaction, engine, work
                    )
            async with self._engine.begin() as connection:
                return await connection.run_sync(_with_keys, work)

    async def vacuum(self) -> None:
        """Rewrites the file and empties its log (SQLite), or frees what was deleted (PostgreSQL). Errors as in `write`."""
        with translated():
            if self._direct is None:
                async with self._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                    for table in self.tables.metadata.sorted_tables:
                        await connection.execute(text(f'VACUUM "{table.name}"'))
                return
            async with self._gate:
                await asyncio.get_running_loop().run_in_executor(self._threads, vacuum_file, self._direct)

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
            if revision == NEWEST:
                parts = (self.tables.person_keys, self.tables.audit, self.tables.protection.heads)
                self.audit_key = await connection.run_sync(open_key, *parts)


def _in_transaction(engine: Engine, work: Callable[[Connection], Value]) -> Value:
    with engine.begin() as connection:
        return _with_keys(connection, work)


def _with_keys(connection: Connection, work: Callable[[Connection], Value]) -> Value:
    with using(connection):
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
