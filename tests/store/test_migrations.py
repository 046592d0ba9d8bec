"""Updates roll: two versions run on one database for a while, and one can go back. So a migration only adds, and loses nothing.

Everything that is newer than a version must leave its statements alone: its tables and columns stay as they are, and what is
new in them has a value when an older version writes a row without it.
"""

import math
import zlib
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.types import Integer, LargeBinary, TypeEngine

from bot.programs.migrate import migrate as migrate_program
from bot.settings import Settings
from bot.store.database import Database
from bot.store.migrate import HEAD, NEWEST, migrate, revision_of, revisions

STEPS = list(pairwise(revisions()))
Rows = dict[str, list[tuple[Any, ...]]]


def _tables(connection: Connection) -> dict[str, dict[str, Any]]:
    look = inspect(connection)
    names = sorted(set(look.get_table_names()) - {"alembic_version"})
    return {name: {column["name"]: column for column in look.get_columns(name)} for name in names}


def _filled(connection: Connection) -> None:
    """A row in every table, something in every column, whatever columns there are."""
    metadata = MetaData()
    metadata.reflect(connection)
    for table in metadata.sorted_tables:
        if table.name != "alembic_version":
            connection.execute(table.insert().values({c.name: _value(c.name, c.type) for c in table.columns}))


def _value(name: str, kind: TypeEngine[Any]) -> Any:
    if isinstance(kind, LargeBinary):
        return name.encode()
    python: type = kind.python_type
    if python is str:
        return name[: getattr(kind, "length", None) or 64]
    if python is bool:
        return True
    number = zlib.crc32(name.encode()) % 9000
    return number if isinstance(kind, Integer) else number + 0.5


def _kept(connection: Connection, columns: dict[str, dict[str, Any]]) -> Rows:
    """What stands in these columns."""
    metadata = MetaData()
    metadata.reflect(connection)
    found: Rows = {}
    for name, wanted in columns.items():
        table = metadata.tables[name]
        rows = connection.execute(table.select().with_only_columns(*(table.c[one] for one in sorted(wanted))))
        found[name] = [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows]
    return found


async def _stepped(database: Database, old: str, new: str) -> None:
    def work(connection: Connection) -> None:
        migrate(connection, "base")
        migrate(connection, old)
        before = _tables(connection)
        _filled(connection)
        rows = _kept(connection, before)
        migrate(connection, new)
        assert revision_of(connection) == new
        after = _tables(connection)
        for table, columns in before.items():
            assert table in after, f"{new} takes the table {table} away, which {old} still uses"
            for name, column in columns.items():
                assert name in after[table], f"{new} takes {table}.{name} away, which {old} still uses"
                assert str(after[table][name]["type"]) == str(column["type"]), f"{new} changes {table}.{name}"
                assert after[table][name]["nullable"] >= column["nullable"], f"{new} refuses what {old} writes"
            for name in after[table].keys() - columns.keys():
                column = after[table][name]
                assert column["nullable"] or column["default"] is not None, f"{old} cannot write {table} without {name}"
        assert _kept(connection, before) == rows, f"{new} changes what {old} wrote"
        migrate(connection, old)
        assert revision_of(connection) == old
        assert {t: set(c) for t, c in _tables(connection).items()} == {t: set(c) for t, c in before.items()}
        assert _kept(connection, before) == rows, f"back from {new}, what {old} wrote is not what it was"
        migrate(connection)
        assert _kept(connection, before) == rows

    async with database.write() as connection:
        await connection.run_sync(work)


@pytest.mark.parametrize(("old", "new"), STEPS)
async def test_each_migration_adds_only_and_goes_back_with_everything_kept(
    database: Database, old: str, new: str
) -> None:
    await _stepped(database, old, new)


async def test_an_older_version_runs_on_a_newer_schema_and_leaves_it_alone(url: str, key: str) -> None:
    """As one that is started again in the middle of a rolling update, or after one that was taken back."""
    database = await Database.open(url, [key])
    newer = f"{int(HEAD) + 1:04}"
    async with database.write() as connection:
        await connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{newer}'")
    await database.aclose()
    again = await Database.open(url, [key])
    assert await again.ping() == newer
    await again.aclose()
    with pytest.raises(ValueError, match="only that version can take it back"):
        await Database.open(url, [key], HEAD)


async def test_the_program_goes_back_and_forward_and_says_what_it_did(url: str, key: str) -> None:
    settings = Settings(database_url=url, encryption_keys=key, parley_local=True)
    assert "the one this version is made for" in await migrate_program(settings, NEWEST)
    older = revisions()[-2]
    assert f"at {older}, older than the {HEAD}" in await migrate_program(settings, older)
    assert f"at {HEAD}, the one" in await migrate_program(settings, NEWEST)
    with pytest.raises(ValueError, match="There is no schema 4711"):
        await migrate_program(settings, "4711")


def test_the_values_that_are_kept_tell_columns_apart() -> None:
    """Or a migration that swaps two columns would pass."""
    numbers = {_value(name, Integer()) for name in ("at", "updated", "created", "amount", "expires", "cost")}
    assert len(numbers) == 6
    assert math.isfinite(max(numbers))
