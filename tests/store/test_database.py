"""Opening: addresses, keys, migrations, several processes at once; and nothing readable at rest."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.fernet import Fernet
from sqlalchemy import Connection, inspect, text

from bot.context import Incoming, Person, Place, Reference
from bot.store.database import Database
from bot.store.encryption import WrongKey
from bot.store.inbox import Inbox
from bot.store.migrate import HEAD, SCRIPTS, migrate
from bot.store.pending import Pending
from bot.store.references import References
from bot.store.token_cache import TokenCache
from bot.store.transcripts import Transcripts
from providers.base import Message, Text
from tests.postgres import PostgresServer

CANARY = "canary-9f2c"


async def test_opening_by_several_at_once_migrates_once(empty_url: str, key: str) -> None:
    opened = await asyncio.gather(*(Database.open(empty_url, [key]) for _ in range(6)))
    try:
        await asyncio.gather(*(database.ping() for database in opened))
        async with opened[0].read() as connection:
            assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars().all() == [HEAD]
    finally:
        await asyncio.gather(*(database.aclose() for database in opened))


async def test_the_migrations_make_exactly_the_tables_that_the_code_uses(empty_url: str, key: str) -> None:
    database = await Database.open(empty_url, [key])

    def difference(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), database.tables.metadata))

    async with database.write() as connection:
        assert await connection.run_sync(difference) == []
    await database.aclose()


def test_head_names_the_newest_migration() -> None:
    newest = max(path.name for path in (SCRIPTS / "versions").glob("0*.py"))
    assert newest.startswith(f"{HEAD}_")


async def test_down_and_up_again(database: Database) -> None:
    async with database.write() as connection:
        await connection.run_sync(migrate, "base")
        assert await connection.run_sync(lambda plain: inspect(plain).get_table_names()) == ["alembic_version"]
        await connection.run_sync(migrate)
        assert "inbox" in await connection.run_sync(lambda plain: inspect(plain).get_table_names())


async def test_other_keys_open_nothing(url: str, key: str) -> None:
    await (await Database.open(url, [key])).aclose()
    with pytest.raises(WrongKey, match="ENCRYPTION_KEYS"):
        await Database.open(url, [Fernet.generate_key().decode()])
    await (await Database.open(url, [Fernet.generate_key().decode(), key])).aclose()


@pytest.mark.parametrize(
    "address", ["", "parley.db", "sqlite://", "sqlite:///:memory:", "mysql://root@127.0.0.1/parley", "postgresql"]
)
async def test_an_address_that_is_none_is_refused_in_a_sentence(address: str, key: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL"):
        await Database.open(address, [key])


@pytest.mark.parametrize("keys", [[], ["short"], ["no base64 !!"]])
async def test_a_key_that_is_none_is_refused_in_a_sentence(keys: list[str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ENCRYPTION_KEYS"):
        await Database.open(f"sqlite:///{(tmp_path / 'parley.db').as_posix()}", keys)


async def test_sqlite_survives_a_power_cut(tmp_path: Path, key: str) -> None:
    database = await Database.open(f"sqlite:///{(tmp_path / 'parley.db').as_posix()}", [key])
    try:
        async with database.read() as connection:
            assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
            assert (await connection.execute(text("PRAGMA synchronous"))).scalar_one() == 2
            assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar_one() == 1
    finally:
        await database.aclose()


async def test_nothing_readable_at_rest(database: Database, url: str, request: pytest.FixtureRequest) -> None:
    await _write_canaries(database)
    if url.startswith("sqlite"):
        folder = Path(url.removeprefix("sqlite:///")).parent
        stored = b"".join(path.read_bytes() for path in folder.iterdir())
        assert len(list(folder.iterdir())) > 1, "the write-ahead log is looked at too"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        stored = server.dump(url.rpartition("/")[2])
    assert b"plain-conversation" in stored
    assert CANARY.encode() not in stored
    assert CANARY.encode().hex().encode() not in stored  # how a dump writes bytes


async def _write_canaries(database: Database) -> None:
    person = Person(id="p1", name=CANARY, tenant="t1")
    reference = Reference(
        id="plain-conversation",
        place=Place.PERSONAL,
        tenant="t1",
        service_url=f"https://x/{CANARY}",
        bot_id="28:b",
        person=person,
    )
    inbox = Inbox(database, owner="o1")
    inbox.start(lambda entry: None)
    await inbox.admit("plain-conversation", "a1", {"text": CANARY, "from": {"name": CANARY}})
    await inbox.aclose()
    await Transcripts(database).save("plain-conversation", "a1", [Message("user", (Text(CANARY),))])
    await References(database).save(reference)
    await TokenCache(database).save("p1", CANARY.encode(), 0)
    await Pending(database).save("p1", Incoming("a1", CANARY, reference, {"field": CANARY}))
