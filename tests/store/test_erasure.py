"""One of many people is erased: not a byte of theirs stays in file, log, WAL or dump, and not a byte of anybody else's changes."""

import asyncio
import logging
import sqlite3
import time
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.store.database import Database
from bot.store.memories import Memories
from bot.store.personal import Personal
from bot.store.transcripts import Transcripts
from tests.postgres import running_postgres
from tests.store.erasing import Somebody, company, deliver, files_with, people, rows

TOUCHED = {"erasures", "audit", "audit_heads", "person_keys", "conversation_references", "sqlite_sequence"}
"""Where an erasure leaves rows that were not there: its own record, and places without their last writer."""
LONGEST = 60.0


async def erased(database: Database, victim: Somebody) -> float:
    """Erases, and compares every row of everybody before and after; how long it took."""
    before = await rows(database)
    begun = time.monotonic()
    assert await Personal(database).erase(victim.id, gone=True)
    took = time.monotonic() - begun
    after = await rows(database)
    gone = {name: plain for name, plain in before.items() if name not in after}
    theirs = {victim.id, victim.chat}
    foreign = {
        (table, plain[:120])
        for (table, _), plain in gone.items()
        if not any(one in plain for one in theirs) and table not in {"transcripts", "cursors"}
    }
    assert foreign == set(), "rows of others are gone, or changed"
    assert {table for table, _ in after.keys() - before.keys()} <= TOUCHED
    assert not [plain for plain in after.values() if victim.id in plain]
    return took


async def kept_of(database: Database, one: Somebody) -> tuple[int, int]:
    return len(await Transcripts(database).load(one.chat, turns=9999)), len(
        await Memories(database).of(f"person:{one.id}")
    )


async def run(url: str, folder: Path, persons: int, messages: int) -> None:
    key = Fernet.generate_key().decode()
    database = await Database.open(url, [key])
    everybody = people(persons, messages)
    victim, other = everybody[1], everybody[2]
    await company(database, everybody, messages)
    for one in (victim, other):
        await deliver(database, one)
    expected = await kept_of(database, other)
    assert min(expected) > 0
    assert files_with(folder, (victim.id,)), "the scan sees what stands there in the clear"
    took = await erased(database, victim)
    assert took < LONGEST
    assert await kept_of(database, victim) == (0, 0)
    assert await kept_of(database, other) == expected
    if database.dialect == "sqlite":
        assert files_with(folder, victim.canaries) == []
    assert files_with(folder, victim.canaries[:3]) == []
    logging.getLogger("tests").info("erased in %.1f s of %d messages", took, messages)
    await database.aclose()
    assert files_with(folder, victim.canaries[:3]) == []


async def test_nothing_is_left_in_sqlite(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await run(f"sqlite:///{(tmp_path / 'parley.db').as_posix()}", tmp_path, 20, 1000)
    victim = people(20, 1000)[1]
    assert not [word for word in victim.canaries if word in caplog.text]


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_nothing_is_left_of_one_among_a_hundred_thousand_messages(tmp_path: Path) -> None:
    await run(f"sqlite:///{(tmp_path / 'parley.db').as_posix()}", tmp_path, 200, 100_000)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("persons", "messages"), [(20, 2000), (200, 100_000)])
async def test_nothing_is_left_in_postgresqls_folder_its_log_included(persons: int, messages: int) -> None:
    """Words, names and addresses are ciphertext in dead rows and in the log, and its key is gone; ids may stand there."""
    with running_postgres() as server:
        url = server.create("erasing")
        folder = server.data
        await run(url, folder, persons, messages)
        server.sql("CHECKPOINT")
        victim = people(persons, messages)[1]
        assert files_with(folder, victim.canaries[:3]) == []
        assert victim.id.encode() not in server.dump("erasing")


async def test_without_the_vacuum_it_stands_there_still(tmp_path: Path) -> None:
    """A build that only deletes: what the scan above is for."""
    database = await Database.open(f"sqlite:///{(tmp_path / 'parley.db').as_posix()}", [Fernet.generate_key().decode()])
    everybody = people(20, 200)
    victim = everybody[1]
    await company(database, everybody, 200)

    async def nothing() -> None:
        pass

    weakened: object = nothing
    setattr(database, "vacuum", weakened)  # noqa: B010 -- the weakened build
    await Personal(database).erase(victim.id, gone=True)
    assert files_with(tmp_path, (victim.id,))
    await database.aclose()


async def test_a_readers_snapshot_holds_the_log_for_a_while_only(tmp_path: Path) -> None:
    """Another process reads while somebody is erased: the log is emptied when it is done."""
    file = tmp_path / "parley.db"
    database = await Database.open(f"sqlite:///{file.as_posix()}", [Fernet.generate_key().decode()])
    everybody = people(5, 50)
    await company(database, everybody, 50)
    reader = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM audit").fetchone()
    asyncio.get_running_loop().call_later(1.0, reader.close)
    assert await Personal(database).erase(everybody[1].id, gone=True)
    assert files_with(tmp_path, everybody[1].canaries) == []
    await database.aclose()
