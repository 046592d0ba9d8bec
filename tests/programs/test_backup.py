"""What people set up goes into an encrypted file and back, into either database, empty or in use; a broken file changes nothing."""

import io
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.programs.backup import backup
from bot.programs.restore import restore, tell
from bot.settings import Settings
from bot.store.database import Database
from bot.store.encryption import WrongKey
from bot.store.memories import Memories
from bot.store.personal import Personal
from bot.store.preferences import Preferences
from bot.store.references import References
from bot.store.runs import Runs
from bot.store.steering import Steering
from bot.store.subscriptions import Subscriptions
from tests.store.conftest import empty_url, postgres_server
from tests.store.test_personal import fill

__all__ = ["empty_url", "postgres_server"]  # fixtures: pytest finds them by this import


@pytest.fixture
def key() -> str:
    return Fernet.generate_key().decode()


def at(url: str, *keys: str) -> Settings:
    return Settings(database_url=url, encryption_keys=",".join(keys), parley_local=True)


@pytest.fixture
async def saved(tmp_path: Path, key: str) -> list[bytes]:
    """Of Ida and Ben, from SQLite."""
    url = f"sqlite:///{(tmp_path / 'first.db').as_posix()}"
    database = await Database.open(url, [key])
    for id in ("ida", "ben"):
        await fill(database, id)
    await database.aclose()
    file = tmp_path / "backup"
    assert await backup(at(url, key), file) == 2 * (1 + 1 + 1 + 2 + 3 + 1)
    assert file.stat().st_mode & 0o077 == 0
    assert not file.with_name("backup.part").exists()
    lines = file.read_bytes().splitlines()
    assert b"canary" not in b"".join(lines)
    return lines


async def test_everything_is_there_again_in_either_database(saved: list[bytes], empty_url: str, key: str) -> None:
    await (await Database.open(empty_url, [key])).aclose()
    done = await restore(at(empty_url, key), saved)
    assert (sum(done.new.values()), sum(done.there.values()), done.erased) == (18, 0, 0)
    again = await restore(at(empty_url, key), saved)
    assert (sum(again.new.values()), sum(again.there.values())) == (0, 18), "twice is once"
    database = await Database.open(empty_url, [key])
    (asked,) = await Subscriptions(database).of_owner("ida")
    assert asked.prompt == "canary-ida"
    assert (await Runs(database).told(asked.id))[1] == {"mail": {"since": "canary-ida"}}
    assert [wish.about for wish in await Steering(database).of(asked.id)] == [{"who": "canary-ida"}]
    assert [one.text for one in await Memories(database).of("person:ida")] == ["canary-ida"]
    assert await Preferences(database).get("person:ida", "language") == "canary-ida"
    assert (await References(database).personal("ida")) is not None
    await Personal(database).erase("ida", gone=True)
    assert "canary-ida" not in str(await Personal(database).export("ida"))
    await database.aclose()
    out = io.StringIO()
    tell(done, out)
    assert "4  memories, and 0 that were there already" in out.getvalue()


async def test_from_postgresql_to_sqlite(saved: list[bytes], empty_url: str, tmp_path: Path, key: str) -> None:
    await restore(at(empty_url, key), saved)
    file = tmp_path / "second"
    assert await backup(at(empty_url, key), file) == 18
    url = f"sqlite:///{(tmp_path / 'last.db').as_posix()}"
    assert sum((await restore(at(url, key), file.read_bytes().splitlines())).new.values()) == 18


async def test_what_changed_since_stays_and_who_was_erased_since_too(
    saved: list[bytes], tmp_path: Path, key: str
) -> None:
    url = f"sqlite:///{(tmp_path / 'first.db').as_posix()}"
    database = await Database.open(url, [key])
    await Preferences(database).set("person:ben", "language", "newer")
    await Personal(database).erase("ida", "a:ida", gone=True)
    await database.aclose()
    done = await restore(at(url, key), saved)
    assert done.erased == 9
    database = await Database.open(url, [key])
    assert await Preferences(database).get("person:ben", "language") == "newer"
    assert await Subscriptions(database).of_owner("ida") == []
    assert await Memories(database).of("person:ida") == []
    await database.aclose()


async def test_a_broken_file_changes_nothing(saved: list[bytes], tmp_path: Path, key: str) -> None:
    target = at(f"sqlite:///{(tmp_path / 'empty.db').as_posix()}", key)
    damaged = saved[5][:-20] + b"A" * 20
    for lines, error in (
        ([], ValueError),
        ([b"something else", *saved[1:]], ValueError),
        (saved[:-1], ValueError),
        ([*saved[:4], *saved[5:]], ValueError),
        ([*saved[:4], saved[5], saved[4], *saved[6:]], ValueError),
        ([*saved[:5], damaged, *saved[6:]], WrongKey),
    ):
        with pytest.raises(error):
            await restore(target, lines)
    with pytest.raises(WrongKey):
        await restore(at(f"sqlite:///{(tmp_path / 'foreign.db').as_posix()}", Fernet.generate_key().decode()), saved)
    database = await Database.open(target.database_url, [key])
    assert await Subscriptions(database).active() == 0
    await database.aclose()


async def test_a_file_under_an_older_key_opens_as_long_as_it_is_listed(
    saved: list[bytes], tmp_path: Path, key: str
) -> None:
    fresh = Fernet.generate_key().decode()
    url = f"sqlite:///{(tmp_path / 'rotated.db').as_posix()}"
    assert sum((await restore(at(url, fresh, key), saved)).new.values()) == 18


async def test_a_place_that_cannot_be_written_is_refused_in_a_sentence(tmp_path: Path, key: str) -> None:
    url = f"sqlite:///{(tmp_path / 'first.db').as_posix()}"
    with pytest.raises(ValueError, match="cannot be written"):
        await backup(at(url, key), tmp_path / "nowhere" / "backup")
