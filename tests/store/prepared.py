"""Databases of the newest schema without migrating each: tests of something else than migrations start from a copy."""

import functools
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine

from bot.store.migrate import migrate


def sqlite_in(folder: Path) -> str:
    """The address of `parley.db` in `folder`. A file that is there stays; a new one is under no key yet, like an empty one."""
    file = folder / "parley.db"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_template())
    return f"sqlite:///{file.as_posix()}"


@functools.cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory(prefix="parley-template-") as folder:
        file = Path(folder) / "template.db"
        engine = create_engine(f"sqlite:///{file.as_posix()}")
        with engine.begin() as connection:
            migrate(connection)
        engine.dispose()
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        return file.read_bytes()
