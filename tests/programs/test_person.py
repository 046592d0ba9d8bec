"""An administrator shows, exports and erases what is kept about somebody, with the same code as the person's own command."""

import argparse
import io
import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.programs.person import describe, handle
from bot.settings import Settings
from bot.store.database import Database
from bot.store.personal import KINDS, Personal
from tests.store.test_personal import cells, fill


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    key, url = Fernet.generate_key().decode(), f"sqlite:///{(tmp_path / 'parley.db').as_posix()}"
    database = await Database.open(url, [key])
    for id in ("ida", "ben"):
        await fill(database, id)
    await database.aclose()
    return Settings(database_url=url, encryption_keys=key, parley_local=True)


async def said(settings: Settings, *arguments: str) -> str:
    parser = argparse.ArgumentParser()
    describe(parser)
    out = io.StringIO()
    assert await handle(settings, parser.parse_args(arguments), out) == 0
    return out.getvalue()


async def test_what_is_kept_is_counted_exported_and_erased(settings: Settings) -> None:
    counts = {kind: int(count) for count, kind in map(str.split, (await said(settings, "show", " IDA ")).splitlines())}
    assert tuple(counts) == KINDS
    assert min(counts.values()) > 0
    exported = json.loads(await said(settings, "export", "ida"))
    assert {kind: len(exported[kind]) for kind in KINDS} == counts
    assert "canary-ben" not in str(exported)
    assert (await said(settings, "erase", "ida", "--yes")).endswith("Erased.\n")
    database = await Database.open(settings.database_url, [settings.encryption_keys[0].get_secret_value()])
    after = await cells(database)
    assert {name for name, text in after.items() if "ida" in text} == {"erasures"}
    assert set((await Personal(database).counts("ida")).values()) == {0}
    assert min((await Personal(database).counts("ben")).values()) > 0
    await database.aclose()


async def test_erasing_wants_to_be_said_twice(settings: Settings) -> None:
    with pytest.raises(ValueError, match="--yes"):
        await said(settings, "erase", "ida")
    with pytest.raises(ValueError, match="Nobody"):
        await said(settings, "show", " ")
