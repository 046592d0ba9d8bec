"""Puts everything that is stored under the first of the ENCRYPTION_KEYS, so that an old key can be thrown away.

What is under a person's key stays as it is: their key is what is encrypted anew.

Order of a rotation: add the new key last everywhere; then put it first everywhere; run this; then remove the old key.
"""

from collections.abc import Iterator

from sqlalchemy import Column, LargeBinary, Table, select, tuple_, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.encryption import Cipher, Encrypted
from bot.store.tables import Tables

PAGE_ROWS = 200


async def rotate(database: Database) -> int:
    """Returns how many values were encrypted anew. Safe while the bot runs, and to be run again after an interruption.

    Raises `WrongKey` at the first value that opens with no key; what was done until then stays done.
    """
    changed = 0
    for table, column in encrypted_columns(database.tables):
        changed += await _rotate_column(database, table, column)
    return changed


def encrypted_columns(tables: Tables) -> Iterator[tuple[Table, Column[bytes]]]:
    """Every column under a key, the key check's own included."""
    for table in tables.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Encrypted) or column is tables.key_check.c.value:
                yield table, column


async def _rotate_column(database: Database, table: Table, column: Column[bytes]) -> int:
    keys = list(table.primary_key.columns)
    raw = type_coerce(column, LargeBinary)
    page = select(*keys, raw.label("raw")).where(column.is_not(None)).order_by(*keys).limit(PAGE_ROWS)
    changed, last = 0, None
    while True:
        async with database.write() as connection:
            after = page if last is None else page.where(tuple_(*keys) > tuple_(*last))
            rows = (await connection.execute(after)).all()
            for *key, token in rows:
                changed += await _rotate_value(connection, database.cipher, table, column, key, token)
        if len(rows) < PAGE_ROWS:
            return changed
        last = rows[-1][:-1]


async def _rotate_value(
    connection: AsyncConnection, cipher: Cipher, table: Table, column: Column[bytes], key: list[object], token: bytes
) -> int:
    fresh = cipher.rotate(token)
    if fresh is None:
        return 0
    same = [part == value for part, value in zip(table.primary_key.columns, key, strict=True)]
    unchanged = type_coerce(column, LargeBinary) == token  # a newer value, written meanwhile, wins
    statement = update(table).where(*same, unchanged).values({column: type_coerce(fresh, LargeBinary)})
    return (await connection.execute(statement)).rowcount
