"""What became of everybody's digests, for whoever runs us: counts, what went wrong, and what ran and did nothing."""

import argparse
import io
import json
import time
from pathlib import Path

from cryptography.fernet import Fernet

from bot.programs.digests import describe, overview
from bot.settings import Settings
from bot.store.database import Database
from bot.store.run import Record, Run
from bot.store.runs import Runs
from bot.store.subscriptions import Subscription, Subscriptions
from tests.store.prepared import sqlite_in


async def test_the_overview_counts_and_names_what_is_wrong_without_a_word_of_it(tmp_path: Path) -> None:
    key, url = Fernet.generate_key().decode(), sqlite_in(tmp_path)
    database = await Database.open(url, [key])
    runs, due = Runs(database), time.time() - 60
    await Subscriptions(database).save(
        Subscription("ida", "t", "a:ida", "morning", {}, prompt="a secret", next_due=1.0)
    )
    for number, (state, record) in enumerate(
        (("delivered", Record({"mail": 3})), ("empty", Record()), ("failed", Record()))
    ):
        run = Run("s1", f"slot-{number}", "ida", "t", "a:ida", due + number)
        await runs.add(run)
        begun = await runs.begin("s1", run.slot, due)
        assert begun is not None
        if state == "delivered":
            await runs.ready(begun, {"text": "a secret"}, record, 1500)
            await runs.delivered(begun, {}, due)
        elif state == "empty":
            await runs.empty(begun, {}, record, 0, due)
        else:
            await runs.end(begun, "failed", "graph", due)
    await database.aclose()
    settings = Settings(database_url=url, encryption_keys=key, parley_local=True)
    parser = argparse.ArgumentParser()
    describe(parser)
    said = await told(settings, parser.parse_args([]))
    assert "1 digests run" in said
    assert "1  of them read nothing at all" in said
    assert "failed (graph)" in said
    assert "empty, read nothing" in said
    assert "  delivered\n" in said
    assert "secret" not in said
    lines = [
        json.loads(line)
        for line in (await told(settings, parser.parse_args(["--all", "--format", "jsonl"]))).splitlines()
    ]
    assert [(line["state"], line["did_nothing"]) for line in lines] == [
        ("failed", False),
        ("empty", True),
        ("delivered", False),
    ]
    assert lines[2]["cost_usd"] == "0.0015"


async def told(settings: Settings, given: argparse.Namespace) -> str:
    out = io.StringIO()
    await overview(settings, given, out)
    return out.getvalue()
