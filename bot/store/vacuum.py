"""SQLite's file written anew, without what was deleted from it, and its log emptied: no byte of it stays on our side of the disk."""

import time

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

BUSY_SECONDS = 20.0
"""How long the log's readers are waited for."""
_PAUSE_SECONDS = 0.05


def vacuum_file(engine: Engine) -> None:
    """https://www.sqlite.org/lang_vacuum.html and https://www.sqlite.org/pragma.html#pragma_wal_checkpoint.

    The page images go through the log, so the log is emptied last. Raises `OperationalError` where readers hold it for too long.
    """
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("VACUUM")
        end = time.monotonic() + BUSY_SECONDS
        while True:
            (busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() or (1, 0, 0)
            if not busy:
                return
            if time.monotonic() > end:
                raise OperationalError("PRAGMA wal_checkpoint", None, RuntimeError("the log is being read: locked"))
            time.sleep(_PAUSE_SECONDS)
    finally:
        connection.close()
