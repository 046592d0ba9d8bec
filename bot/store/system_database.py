"""Where the engine of digests keeps its tables: the connections it is given, with nothing of theirs in errors or logs."""

from pathlib import PurePath

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

DriverError = SQLAlchemyError
"""What the engine lets through when its database does not answer, or refuses."""
_BUSY_MS = 30_000


def system_engine(database_url: str) -> Engine:
    """Beside `DATABASE_URL`'s file, or in its PostgreSQL."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        url = url.set(drivername="postgresql+psycopg")
        return create_engine(url, hide_parameters=True, pool_size=5, max_overflow=5, pool_pre_ping=True)
    path = PurePath(url.database or "")
    url = url.set(drivername="sqlite", database=str(path.with_name(f"{path.stem}-dbos{path.suffix}")))
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    """As DBOS sets up its own, in write-ahead mode. A power cut may take its last rows: the truth is in `runs`."""
    connection.isolation_level = "IMMEDIATE"
    cursor = connection.cursor()
    for pragma in (f"busy_timeout = {_BUSY_MS}", "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
