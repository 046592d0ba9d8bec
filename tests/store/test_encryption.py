"""Keys: the first encrypts, all decrypt, rotation moves everything, a missing key is an error."""

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import LargeBinary, select, type_coerce, update

from bot.store.database import Database
from bot.store.encryption import Cipher, WrongKey
from bot.store.inbox import Inbox
from bot.store.rotation import rotate
from bot.store.token_cache import TokenCache
from bot.store.transcripts import Transcripts
from providers.base import Message, Text


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    token = Cipher([new, old]).encrypt(b"secret")
    assert Cipher([new]).decrypt(token) == b"secret"
    assert Cipher([old, new]).decrypt(token) == b"secret"
    with pytest.raises(WrongKey):
        Cipher([old]).decrypt(token)


async def test_rotation_frees_the_old_key(url: str, key: str) -> None:
    said = (Message("user", (Text("hello"),)),)
    database = await Database.open(url, [key])
    for number in range(450):  # more than two pages
        await TokenCache(database).save(f"p{number}", b"cache", 0)
    await Transcripts(database).save("c1", "a1", said)
    await database.aclose()

    fresh = Fernet.generate_key().decode()
    database = await Database.open(url, [fresh, key])
    assert await rotate(database) == 450 + 1 + 1 + 1  # the people's keys, the turn, the audit's key, the key check
    assert await rotate(database) == 0
    await database.aclose()

    database = await Database.open(url, [fresh])
    assert await TokenCache(database).load("p449") == (b"cache", 1)
    assert await Transcripts(database).load("c1", turns=5) == said
    await database.aclose()


async def test_a_value_under_a_lost_key_is_an_error_and_not_empty(database: Database) -> None:
    await TokenCache(database).save("p1", b"cache", 0)
    table = database.tables.token_cache
    foreign = Fernet(Fernet.generate_key()).encrypt(b"cache")
    async with database.write() as connection:
        await connection.execute(update(table).values({table.c.cache: type_coerce(foreign, LargeBinary)}))
    with pytest.raises(WrongKey):
        await TokenCache(database).load("p1")
    with pytest.raises(WrongKey):
        await rotate(database)


async def test_a_turn_under_a_lost_key_is_kept_and_does_not_hold_up_the_conversation(database: Database) -> None:
    taken: list[str] = []
    first = Inbox(database, owner="first")
    first.start(lambda entry: None)
    await first.admit("c1", "a1", {})
    await first.admit("c1", "a2", {})
    await first.aclose()
    table = database.tables.inbox
    foreign = Fernet(Fernet.generate_key()).encrypt(b"{}")
    async with database.write() as connection:
        statement = update(table).where(table.c.activity_id == "a1")
        await connection.execute(statement.values({table.c.activity: type_coerce(foreign, LargeBinary)}))

    second = Inbox(database, owner="second")
    second.start(lambda entry: taken.append(entry.activity_id))
    await second.sweep()
    await second.admit("c2", "b1", {})
    await second.admit("c2", "b2", {})
    await second.aclose()
    assert "a1" not in taken
    assert set(taken) == {"a2", "b1"}
    async with database.read() as connection:
        columns = select(table.c.state, type_coerce(table.c.activity, LargeBinary))
        row = (await connection.execute(columns.where(table.c.activity_id == "a1"))).one()
    assert tuple(row) == ("unknown", foreign)
