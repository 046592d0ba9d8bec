"""The PostgreSQL of the tests: one server for all of them."""

from collections.abc import Iterator

import pytest

from infra.local.postgres import PostgresServer, free_port, running_postgres

__all__ = ["PostgresServer", "free_port", "running_postgres"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server
