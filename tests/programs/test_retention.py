"""Administrators see how long each kind is kept and what went, and may have it done now."""

import argparse
import io
from pathlib import Path

from cryptography.fernet import Fernet

from bot.programs.retention import describe, show
from bot.settings import Settings
from bot.store.database import Database
from tests.store.test_personal import fill
from tests.store.test_retention import age


async def test_what_is_kept_and_what_went(tmp_path: Path) -> None:
    key, url = Fernet.generate_key().decode(), f"sqlite:///{(tmp_path / 'parley.db').as_posix()}"
    database = await Database.open(url, [key])
    await fill(database, "ida")
    await age(database, 8)
    await database.aclose()
    settings = Settings(database_url=url, encryption_keys=key, parley_local=True, retention_days=("answers:5",))
    before = await told(settings)
    assert "memories     without end  last looked after: never" in before
    after = {line.split()[0]: line for line in (await told(settings, "--now")).splitlines()}
    assert after["answers"].startswith("answers      5 days ")
    assert after["answers"].endswith(", 2 deleted then, 2 in all")
    assert after["transcripts"].endswith(", 0 deleted then, 0 in all")
    assert {"audit", "leavers"} <= set(after)


async def told(settings: Settings, *arguments: str) -> str:
    parser = argparse.ArgumentParser()
    describe(parser)
    out = io.StringIO()
    await show(settings, parser.parse_args(arguments), out)
    return out.getvalue()
