"""What makes an erasure final: the person's key is thrown away, other processes are told, and what was deleted is overwritten."""

import hashlib
import hmac
import logging
import time

from sqlalchemy import Connection, delete, insert, select, update

from bot.store.audit import ERASURE, Row, values
from bot.store.chain import ERASED, Chain, append, unname
from bot.store.clock import DatabaseNow
from bot.store.database import Database, StoreError
from providers.base import Usage

log = logging.getLogger(__name__)

_KEEP_SECONDS = 600.0


def who(key: bytes, person_id: str) -> bytes:
    """Tells whether somebody named was erased, to those who hold the key; nobody is found by it."""
    return hmac.digest(key, b"who" + person_id.encode(), hashlib.sha256)


def shred(connection: Connection, database: Database, person_id: str) -> None:
    """In the transaction that deletes the rows. What the audit says of the person goes too, and it says that it went."""
    tables, key = database.tables, database.audit_key
    erased = {"person_id": None, "wrapped": None, "who": who(key, person_id), "erased": DatabaseNow()}
    connection.execute(update(tables.person_keys).where(tables.person_keys.c.person_id == person_id).values(erased))
    erasures = tables.protection.erasures
    connection.execute(delete(erasures).where(erasures.c.at < DatabaseNow() - _KEEP_SECONDS))
    connection.execute(insert(erasures).values(person=person_id.encode(), at=DatabaseNow()))
    rows = unname(connection, tables.audit, key, person_id)
    now = float(connection.execute(select(DatabaseNow())).scalar_one())
    record = Row(
        at=now, person_id=ERASED, tenant="", conversation_id=ERASED, place="", question_id="", purpose=ERASURE, name="", asked="",
        answered="", door="", usage=Usage(rows), estimated=False, cost=0, first_ms=None, total_ms=0, outcome=ERASED,
    )  # fmt: skip
    append(connection, tables.audit, tables.protection.heads, Chain.begin(key), [values(record)])


async def scrub(database: Database) -> bool:
    """Overwrites what was deleted, in the file and in its log; False, and a line in the log, where that is to be done later.

    SQLite writes its whole file anew, which takes about a second for 100 MB, and writers wait for it. PostgreSQL frees the
    rows of all tables; its own log (WAL) and its backups are left to the keys.
    """
    begun = time.monotonic()
    try:
        await database.vacuum()
    except StoreError as error:
        log.warning("what was erased is not overwritten yet: %s", type(error).__name__)
        return False
    log.info("what was erased is overwritten, which took %.1f s", time.monotonic() - begun)
    return True
