"""A key for each person: what is theirs opens with it alone, and with the key gone no copy of the database opens it."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import LargeBinary, delete, insert, select, type_coerce, update

from bot.store.database import Database
from bot.store.encryption import Encrypted, WrongKey
from bot.store.memories import Memories
from bot.store.person_keys import MOST, PREFIX, SECONDS, PersonKeys
from bot.store.personal import Personal
from bot.store.rotation import rotate
from bot.store.token_cache import TokenCache
from bot.store.transcripts import Transcripts
from providers.base import Message, Text
from tests.store.test_personal import cells, fill

SAID = (Message("user", (Text("canary"),)),)
NOBODYS = {"inbox", "preferences", "conversation_references", "key_check", "person_keys", "erasures"}
"""Tables with values under the ENCRYPTION_KEYS themselves: of a conversation, or of us."""


async def raw(database: Database) -> dict[str, list[bytes]]:
    """Every encrypted value as it is stored, by table."""
    found: dict[str, list[bytes]] = {}
    async with database.read() as connection:
        for table in database.tables.metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, Encrypted):
                    stored = (await connection.execute(select(type_coerce(column, LargeBinary)))).scalars()
                    found.setdefault(table.name, []).extend(value for value in stored if value is not None)
    return found


async def test_everything_that_is_somebodys_is_under_their_key(database: Database) -> None:
    await fill(database, "ida")
    stored = await raw(database)
    mixed = {name for name, values in stored.items() if any(not value.startswith(PREFIX) for value in values)}
    assert mixed <= NOBODYS, "a new column holds what is somebody's: bind it as `Owned`"
    assert {name for name, values in stored.items() if any(value.startswith(PREFIX) for value in values)} >= {
        "answers", "feedback", "heard", "memories", "preferences", "pending_questions", "token_cache", "subscriptions", "runs",
        "cursors", "steering",
    }  # fmt: skip


async def test_a_backup_made_before_opens_for_everybody_but_the_erased(tmp_path: Path, key: str) -> None:
    """The keys are put back from a copy made after the erasure, everything else from before it: as the papers say."""
    file = tmp_path / "parley.db"
    database = await Database.open(f"sqlite:///{file.as_posix()}", [key])
    mine, other = await fill(database, "ida"), await fill(database, "ben")
    with sqlite3.connect(file) as connection, sqlite3.connect(tmp_path / "old.db") as copy:
        connection.backup(copy)
    await Personal(database).erase("ida", gone=True)
    async with database.read() as connection:
        keys = (await connection.execute(select(database.tables.person_keys))).mappings().all()
    await database.aclose()

    old = await Database.open(f"sqlite:///{(tmp_path / 'old.db').as_posix()}", [key])
    async with old.write() as connection:
        await connection.execute(delete(old.tables.person_keys))
        await connection.execute(insert(old.tables.person_keys), [dict(row) for row in keys])
    await old.aclose()
    old = await Database.open(f"sqlite:///{(tmp_path / 'old.db').as_posix()}", [key])
    after = {name: text for name, text in (await cells(old)).items() if name not in NOBODYS}
    assert [name for name, text in after.items() if mine in text] == []
    assert {name for name, text in after.items() if other in text} >= {"answers", "memories", "token_cache", "runs"}
    assert await Memories(old).of("person:ida") == []
    assert await TokenCache(old).load("ida") == (b"", 1), "as if they had never signed in"
    assert [one.text for one in await Memories(old).of("person:ben")] == [other]
    assert (await Transcripts(old).recent("a:ida", turns=9)).turns == ()
    assert len(await Transcripts(old).load("a:ben", turns=9)) == 1
    await old.aclose()


async def test_a_lost_key_is_an_error_and_not_an_erasure(database: Database) -> None:
    await TokenCache(database).save("ida", b"cache", 0)
    keys = database.tables.person_keys
    async with database.write() as connection:
        await connection.execute(delete(keys).where(keys.c.person_id == "ida"))
    database.forgetting("ida")
    with pytest.raises(WrongKey, match="person_keys"):
        await TokenCache(database).load("ida")


async def test_another_persons_key_does_not_open_it(database: Database) -> None:
    await TokenCache(database).save("ida", b"cache", 0)
    await TokenCache(database).save("ben", b"cache", 0)
    stored = (await raw(database))["token_cache"]
    keys = database.cipher.people
    one, other = sorted(stored)
    forged = one[:20] + other[20:]
    with pytest.raises(InvalidToken):
        keys.open(forged)


async def test_two_replicas_make_one_key(url: str, key: str) -> None:
    one, two = await Database.open(url, [key]), await Database.open(url, [key])
    people = [f"p{number}" for number in range(20)]
    await asyncio.gather(*(each.own(people) for each in (one, two) for _ in range(3)))
    await TokenCache(one).save("p1", b"cache", 0)
    assert await TokenCache(two).load("p1") == (b"cache", 1)
    async with one.read() as connection:
        named = (await connection.execute(select(one.tables.person_keys.c.person_id))).scalars().all()
    assert sorted(id for id in named if id) == sorted(people)
    await one.aclose()
    await two.aclose()


async def test_rotation_wraps_keys_and_leaves_what_is_under_them(url: str, key: str) -> None:
    database = await Database.open(url, [key])
    await TokenCache(database).save("ida", b"cache", 0)
    before = (await raw(database))["token_cache"]
    await database.aclose()
    fresh = Fernet.generate_key().decode()
    database = await Database.open(url, [fresh, key])
    assert await rotate(database) == 3, "the key check, the audit's key and Ida's"
    assert (await raw(database))["token_cache"] == before
    await database.aclose()
    database = await Database.open(url, [fresh])
    assert await TokenCache(database).load("ida") == (b"cache", 1)
    await database.aclose()


async def test_rows_of_before_are_read_and_written_anew_under_the_key(database: Database) -> None:
    """What an older version wrote has no person's key, and needs none."""
    await Memories(database).add("person:ida", "ida", "Ida", "I like tea", "t1")
    table = database.tables.memories
    old = database.cipher.encrypt(b'{"text":"I like tea","by":"Ida"}')
    async with database.write() as connection:
        await connection.execute(update(table).values({table.c.said: type_coerce(old, LargeBinary)}))
    assert [one.text for one in await Memories(database).of("person:ida")] == ["I like tea"]


async def test_a_person_who_comes_back_gets_another_key(database: Database) -> None:
    await TokenCache(database).save("ida", b"cache", 0)
    first = (await raw(database))["token_cache"]
    await Personal(database).erase("ida")
    await TokenCache(database).save("ida", b"again", 0)
    (second,) = (await raw(database))["token_cache"]
    assert second[:20] != first[0][:20]
    assert await TokenCache(database).load("ida") == (b"again", 1)


async def test_what_was_on_its_way_while_somebody_was_erased_counts_as_erased(url: str, key: str) -> None:
    """A replica that has not looked yet writes under the key that is gone: nothing of it is ever read, and nobody fails."""
    one, two = await Database.open(url, [key]), await Database.open(url, [key])
    await Memories(two).add("person:ida", "ida", "Ida", "I like tea", "t1")
    await Transcripts(two).save("a:ida", "t1", SAID, person_id="ida")
    await Personal(one).erase("ida", "a:ida")
    await Memories(two).add("person:ida", "ida", "Ida", "I like coffee", "t2")
    await Transcripts(two).save("a:ida", "t2", SAID, person_id="ida")
    await TokenCache(two).save("ida", b"cache", 0)
    for each in (one, two):
        each.forgetting("ida")
        assert await Memories(each).of("person:ida") == []
        assert await Transcripts(each).load("a:ida", turns=9) == ()
        assert await TokenCache(each).load("ida") == (b"", 1)
    assert "tea" not in str(await cells(one)).replace("steering", "")
    await one.aclose()
    await two.aclose()


async def test_memory_is_bounded_and_short(database: Database) -> None:
    now = 0.0
    keys = PersonKeys(clock=lambda: now)
    keys.attach(database.tables.person_keys)
    database.cipher.people = keys
    await database.own([f"p{number}" for number in range(5)])
    assert keys.unknown([f"p{number}" for number in range(5)]) == []
    now = SECONDS + 1
    assert keys.unknown(["p1", "p2", ""]) == ["p1", "p2"], "asked for again"
    assert keys.holds("p1"), "a statement that was begun still has it"
    now = SECONDS + 61
    keys.sweep()
    assert not keys.holds("p1")


def test_the_oldest_keys_make_room() -> None:
    from bot.store.person_keys import _Held  # noqa: PLC0415 -- what it holds is nobody else's business

    keys = PersonKeys(clock=lambda: 0.0)
    fernet = Fernet(Fernet.generate_key())
    for number in range(MOST + 5):
        keys._hold(_Held(f"k{number}", f"p{number}", fernet, 0.0))
    assert not keys.holds("p4")
    assert keys.holds("p5")
    assert keys.unknown([f"p{MOST + 4}"]) == []
