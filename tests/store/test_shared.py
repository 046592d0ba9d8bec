"""What is written at the same moment is one transaction, in one order of tables; a fault is its own item's, and so is a wait."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, select, text, update

from bot.store.database import Database
from bot.store.preferences import Preferences
from bot.store.shared import Lane, Rank
from bot.store.upsert import upsert


def recording(database: Database, name: str, rank: Rank, log: list[tuple[int, str, tuple[int, ...]]]) -> Lane[int, int]:
    def run(connection: Connection, items: Sequence[int]) -> list[int]:
        log.append((id(connection), name, tuple(items)))
        if -1 in items:
            raise ValueError(name)
        return [10 * item for item in items]

    return database.writing.lane(run, rank)


async def test_all_that_comes_at_once_is_one_transaction_in_the_order_of_ranks(database: Database) -> None:
    log: list[tuple[int, str, tuple[int, ...]]] = []
    last, first = recording(database, "last", Rank.SPENDING, log), recording(database, "first", Rank.INBOX, log)
    results = await asyncio.gather(last(1), first(2), last(3), first(4))
    assert list(results) == [10, 20, 30, 40]
    assert [(name, items) for _, name, items in log] == [("first", (2, 4)), ("last", (1, 3))]
    assert len({connection for connection, _, _ in log}) == 1


async def test_one_fault_leaves_the_others_written(database: Database) -> None:
    log: list[tuple[int, str, tuple[int, ...]]] = []
    lane, preferences = recording(database, "faulty", Rank.ANY, log), Preferences(database)
    row = {"owner": "person:ida", "name": "model"}
    statement = upsert(database.dialect, database.tables.preferences, row, {"value": "claude", "updated": 1.0})

    def run(connection: Connection, items: Sequence[str]) -> Sequence[str]:
        connection.execute(statement)
        return items

    written = database.writing.lane(run)
    faults = await asyncio.gather(lane(1), lane(-1), written("x"), return_exceptions=True)
    assert [str(fault) for fault in faults] == ["10", "faulty", "x"]
    assert await preferences.get("person:ida", "model") == "claude"


async def test_what_nobody_waits_for_is_written_before_what_comes_later(database: Database) -> None:
    log: list[tuple[int, str, tuple[int, ...]]] = []
    lane = recording(database, "one", Rank.SPENDING, log)
    lane.put(1)
    await database.writing.settled()
    assert [entry[2] for entry in log] == [(1,)]
    lane.put(-1)  # fails, and nobody looks
    assert await lane(2) == 20
    assert log[-1][1:] == ("one", (2,))


async def test_two_processes_in_each_others_way_both_get_through(database: Database, url: str, key: str) -> None:
    """A deadlock (PostgreSQL) is one transaction's end; it is run again. SQLite has one writer, who waits."""
    other = await Database.open(url, [key])
    table = database.tables.preferences
    async with database.write() as connection:
        for name in ("a", "b"):
            await connection.execute(table.insert().values(owner="x", name=name, value=0, updated=0.0))
    tries: list[str] = []

    def touching(into: Database, *names: str) -> Lane[int, int]:
        pause = text("SELECT pg_sleep(0.3)" if into.dialect == "postgresql" else "SELECT 1")

        def run(connection: Connection, items: Sequence[int]) -> Sequence[int]:
            tries.append(names[0])
            for name in names:
                connection.execute(update(table).where(table.c.name == name).values(updated=table.c.updated + 1))
                connection.execute(pause)
            return items

        return into.writing.lane(run)

    await asyncio.gather(touching(database, "a", "b")(1), touching(other, "b", "a")(2))
    async with database.read() as connection:
        assert list((await connection.execute(select(table.c.updated))).scalars()) == [2.0, 2.0]
    assert len(tries) == (3 if database.dialect == "postgresql" else 2)
    await other.aclose()


async def test_a_database_that_refuses_tells_each_caller(database: Database) -> None:
    def run(connection: Connection, items: Sequence[int]) -> Sequence[int]:
        connection.execute(text("SELECT nothing FROM nowhere"))
        return items

    lane = database.reading.lane(run)
    with pytest.raises(Exception, match="refused"):
        await lane(1)
