"""Keys are changed by a command: afterwards everything opens with the new one alone, and nothing with the old one."""

import io
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.programs.rotate import renew
from bot.settings import Settings
from bot.store.database import Database
from bot.store.encryption import WrongKey
from bot.store.memories import Memories
from bot.store.preferences import Preferences
from tests.store.prepared import sqlite_in

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


def under(folder: Path, *keys: str) -> Settings:
    return Settings(database_url=sqlite_in(folder), encryption_keys=",".join(keys), parley_local=True)


async def test_the_old_key_can_be_thrown_away(tmp_path: Path) -> None:
    database = await Database.open(sqlite_in(tmp_path), [OLD])
    await Preferences(database).set("person:ida", "model", "gpt")
    await Memories(database).add("person:ida", "ida", "Ida", "short answers", "turn-1")
    await database.aclose()
    with pytest.raises(WrongKey):
        await renew(under(tmp_path, NEW))
    out = io.StringIO()
    assert await renew(under(tmp_path, NEW, OLD), out) == 0
    changed = int(out.getvalue().split()[0])
    assert changed >= 2
    again = io.StringIO()
    await renew(under(tmp_path, NEW, OLD), again)
    assert again.getvalue().startswith("0 values"), "there is nothing left to do"
    database = await Database.open(sqlite_in(tmp_path), [NEW])
    assert [memory.text for memory in await Memories(database).of("person:ida")] == ["short answers"]
    assert await Preferences(database).get("person:ida", "model") == "gpt"
    await database.aclose()
    with pytest.raises(WrongKey):
        await Database.open(sqlite_in(tmp_path), [OLD])
