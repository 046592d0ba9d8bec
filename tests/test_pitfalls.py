"""docs/pitfalls.md names tests that exist, one row each for all 36 pitfalls; and the few that are about files, imports and settings."""

import ast
import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.teams.displays import Timing

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "pitfalls.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> dict[int, str]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return {int(found[1]): line for line in lines if (found := re.match(r"\| (\d+) \|", line))}


@functools.cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("number", range(1, 37))
def test_each_pitfall_has_its_test(number: int) -> None:
    named = NAMED.findall(rows()[number])
    assert named
    for path, name in named:
        assert (ROOT / path).is_file(), path
        assert name in names_in(path), f"{path} has no {name}"


def test_edits_keep_their_distance() -> None:
    """Teams throttles faster editing, and takes one streaming request a second."""
    assert min(Timing().edit_gap, Timing().edit_interval) >= 1.5
    assert min(Timing().stream_gap, Timing().stream_interval) > 1.0
    assert Timing().close_after + Timing().stream_interval < 120.0


def test_no_recorded_link_opens_anything() -> None:
    """A pre-authenticated link in test data would be a credential in our repository."""
    found = []
    for path in (ROOT / "tests").rglob("*"):
        if path.suffix in {".py", ".json", ".jsonl", ".txt", ".eml", ".html", ".csv"} and path != Path(__file__):
            text = path.read_text(encoding="utf-8", errors="ignore")
            found += [f"{path.name}: {match[0][:40]}" for match in re.finditer(r"tempauth=[\w.%-]{8,}", text)]
    assert found == []


def test_no_region_is_written_down() -> None:
    """An address of the service is an activity's own; hosts stand in the settings alone."""
    pattern = re.compile(r"(?:trafficmanager\.net|teams\.microsoft\.com)/(?:amer|emea|apac|in|unk)\b")
    files = [path for top in ("bot", "graph", "providers") for path in (ROOT / top).rglob("*.py")]
    written = [path.name for path in files if pattern.search(path.read_text(encoding="utf-8"))]
    assert written == []


STARTING = """
import os, sys
import bot.app
from bot.settings import Settings
print(os.environ.get("PARLEY_CANARY"), *[name for name in sys.modules if name.startswith("msgraph.generated")])
try:
    Settings.from_environment()
except ValueError as error:
    print(error.error_count())
"""


def test_starting_reads_no_env_file_and_imports_no_typed_graph(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PARLEY_CANARY=1\nPARLEY_LOCAL=1\nMICROSOFT_APP_ID=x\nENCRYPTION_KEYS=x\n")
    given = {name: value for name, value in os.environ.items() if name in {"PATH", "SYSTEMROOT", "TEMP", "TMP", "HOME"}}  # noqa: TID251 -- what a process needs to run
    ended = subprocess.run(
        [sys.executable, "-c", STARTING], cwd=tmp_path, env={**given, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.stdout.split() == ["None", "1"], ended.stdout + ended.stderr
