"""Every store test runs on SQLite and on a real PostgreSQL."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.store.database import Database
from tests.postgres import PostgresServer, postgres_server

__all__ = ["postgres_server"]  # a fixture: pytest finds it by this import


@pytest.fixture
def key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database's address, as DATABASE_URL has it."""
    if request.param == "sqlite":
        yield f"sqlite:///{(tmp_path / 'folder' / 'parley.db').as_posix()}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"test_{uuid.uuid4().hex}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
async def database(url: str, key: str) -> AsyncIterator[Database]:
    database = await Database.open(url, [key])
    yield database
    await database.aclose()
