"""Every store test runs on SQLite and on a real PostgreSQL."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import delete

from bot.store.database import Database
from tests.postgres import PostgresServer, postgres_server
from tests.store.prepared import sqlite_in

__all__ = ["postgres_server"]  # a fixture: pytest finds it by this import


@pytest.fixture
def key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database's address, as DATABASE_URL has it."""
    if request.param == "sqlite":
        yield f"sqlite:///{(tmp_path / 'folder' / 'parley.db').as_posix()}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"test_{uuid.uuid4().hex}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture(scope="session")
def template(postgres_server: PostgresServer) -> str:
    """A database to copy, of the newest schema and under no key."""

    async def prepare() -> None:
        database = await Database.open(postgres_server.create("template"), [Fernet.generate_key().decode()])
        async with database.write() as connection:
            for table in (database.tables.key_check, database.tables.person_keys):
                await connection.execute(delete(table))
        await database.aclose()

    with ThreadPoolExecutor(1) as beside:  # the tests' own event loop is not to be touched here
        beside.submit(asyncio.run, prepare()).result()
    return "template"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with tables and nothing in them."""
    if request.param == "sqlite":
        yield sqlite_in(tmp_path / "folder")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"test_{uuid.uuid4().hex}"
    yield server.create(name, template=request.getfixturevalue("template"))
    server.drop(name)


@pytest.fixture
async def database(url: str, key: str) -> AsyncIterator[Database]:
    database = await Database.open(url, [key])
    yield database
    await database.aclose()
