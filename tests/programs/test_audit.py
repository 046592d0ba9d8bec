"""The audit on paper: JSON lines and CSV of the rows that were asked for, exact amounts, and nothing a spreadsheet would run."""

import argparse
import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import delete, update

from bot.auditing import COLUMNS
from bot.programs.audit import check, describe, export
from bot.routing.metered import evidence_id
from bot.settings import Settings
from bot.store.database import Database
from bot.store.spending import Settled, Spending
from tests.store.test_audit import OTHERS
from tests.store.test_spending import MONTH, ROW

LINK = "https://contoso.example/plan.docx"


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    key, url = Fernet.generate_key().decode(), f"sqlite:///{(tmp_path / 'parley.db').as_posix()}"
    database = await Database.open(url, [key])
    known = replace(ROW, at=1_793_520_000.0, evidence=(evidence_id("t", LINK),), cost=1)
    for row in (known, *OTHERS, replace(ROW, question_id="=SUM(A1)")):
        await Spending(database).settle(Settled(row, MONTH, ()))
    await database.aclose()
    return Settings(database_url=url, encryption_keys=key, parley_local=True)


async def printed(settings: Settings, *arguments: str) -> str:
    parser = argparse.ArgumentParser()
    describe(parser)
    out = io.StringIO()
    await export(settings, parser.parse_args(arguments), out)
    return out.getvalue()


async def test_rows_are_printed_whole(settings: Settings) -> None:
    lines = [json.loads(line) for line in (await printed(settings)).splitlines()]
    assert len(lines) == 5
    assert list(lines[0]) == list(COLUMNS)
    assert (lines[0]["at"], lines[0]["cost_usd"]) == ("2026-11-01T08:00:00.000+00:00", "0.000001")
    assert lines[2]["cost_usd"] is None
    assert (lines[1]["estimated"], lines[1]["evidence"]) == (True, ["aa", "bb"])
    rows = list(csv.DictReader(io.StringIO(await printed(settings, "--format", "csv"))))
    assert [row["evidence"] for row in rows][1:3] == ["aa bb", "aa bb"]
    assert rows[4]["question_id"] == "'=SUM(A1)"


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (("--since", "2026-11-01"), 1),
        (("--since", "2026-11-01T08:00:01"), 0),
        (("--until", "2026-11-01"), 4),
        (("--person", "ben"), 1),
        (("--conversation", "a:ida", "--outcome", "stopped"), 1),
        (("--model", "GPT"), 1),
        (("--tenant", "t", "--document", LINK), 1),
        (("--tenant", "other", "--document", LINK), 0),
    ],
)
async def test_rows_are_chosen(settings: Settings, arguments: tuple[str, ...], count: int) -> None:
    assert len((await printed(settings, *arguments)).splitlines()) == count


@pytest.mark.parametrize(
    ("arguments", "says"), [(("--since", "yesterday"), "--since is a day"), (("--document", LINK), "needs --tenant")]
)
async def test_a_mistake_is_a_sentence(settings: Settings, arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        await printed(settings, *arguments)


async def test_what_was_done_to_the_audit_is_named_and_told_by_the_exit_code(
    settings: Settings, tmp_path: Path
) -> None:
    code, text = await checked(settings, "--verify")
    assert (code, text) == (0, "5 rows, no faults.\n")
    heads = tmp_path / "heads"
    heads.write_text((await checked(settings, "--heads"))[1], encoding="utf-8")
    assert (await checked(settings, "--verify", "--against", str(heads)))[0] == 0
    database = await Database.open(settings.database_url, [settings.encryption_keys[0].get_secret_value()])
    audit = database.tables.audit
    async with database.write() as connection:
        await connection.execute(update(audit).where(audit.c.id == 2).values(cost=0))
        await connection.execute(delete(audit).where(audit.c.id == 4))
    await database.aclose()
    code, text = await checked(settings, "--verify")
    assert code == 1
    assert "row 2 (chain" in text
    assert text.endswith("4 rows, 2 faults.\n")
    assert "whole chain" not in text
    with pytest.raises(ValueError, match="--heads"):
        await checked(settings, "--verify", "--against", str(tmp_path / "nothing"))


async def checked(settings: Settings, *arguments: str) -> tuple[int, str]:
    parser = argparse.ArgumentParser()
    describe(parser)
    out = io.StringIO()
    return await check(settings, parser.parse_args(arguments), out), out.getvalue()
