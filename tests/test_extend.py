"""The recipes of docs/extend.md, written into a copy of the product and run there as they stand."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.demo import settings
from infra.local.world import World

ROOT = Path(__file__).parent.parent
PRODUCT = ("bot", "graph", "providers", "manifest", "infra")
TESTS = ("__init__.py", "conftest.py", "test_architecture.py", "test_texts.py", "agent", "commands", "events", "tools",
         "graph", "providers", "signin", "e2e/__init__.py", "e2e/parley.py", "reading.py", "store/__init__.py", "store/prepared.py",
         "data/nobody.pem")  # fmt: skip
NEW = {
    "bot/commands/who_am_i.py": "tests/commands/test_who_am_i.py",
    "bot/tools/add_up.py": "tests/tools/test_add_up.py",
    "graph/agenda.py": "tests/graph/test_agenda.py",
    "providers/parrot.py": "tests/providers/test_parrot.py",
    "bot/events/meeting_ended.py": "tests/events/test_meeting_ended.py",
    "bot/commands/tally.py": "tests/commands/test_tally.py",
}
LANGUAGE = "bot/languages/fr.toml"
WITHOUT = shutil.ignore_patterns("__pycache__")


def recipes() -> dict[str, str]:
    """path -> content, from the code blocks whose first line is a path."""
    text = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w+\n# (\S+\.(?:py|toml))\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return dict(blocks)


def translated(tree: Path, head: str) -> str:
    """A language as somebody begins it: the English file under its own head, and with words of its own."""
    english = (tree / "bot" / "languages" / "en.toml").read_text(encoding="utf-8")
    _, words, rest = english.partition("[words]\n")
    return f'{head}\n{words}"aide" = "help"\n{rest}'


def named_by_others(tree: Path) -> None:
    """The one line each other language gets, as the page shows it."""
    page = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
    for language, line in zip(("en", "de"), re.findall(r"`(fr = \"\w+\")`", page), strict=True):
        file = tree / "bot" / "languages" / f"{language}.toml"
        text = file.read_text(encoding="utf-8").replace("[languages]\n", f"[languages]\n{line}\n", 1)
        file.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product and the tests its recipes lean on, with all recipes written into it."""
    copy = tmp_path_factory.mktemp("extended")
    for name in (*PRODUCT, *(f"tests/{part}" for part in TESTS)):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=WITHOUT)
        else:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    shutil.copy(ROOT / "pyproject.toml", copy)
    for path, content in recipes().items():
        assert not (copy / path).exists(), f"{path} is part of the product by now: the recipe needs another example"
        whole = translated(copy, content) if path == LANGUAGE else content
        (copy / path).write_text(whole, encoding="utf-8")
    named_by_others(copy)
    return copy


def run(tree: Path, *arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)},  # noqa: TID251 -- what the tools need to run
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_each_recipe_is_one_file_and_its_test() -> None:
    assert set(recipes()) == {*NEW, *NEW.values(), LANGUAGE}


def test_the_recipes_pass_their_own_tests_and_the_rules_of_the_house(tree: Path) -> None:
    """In one process: most of the time goes into starting."""
    stems = " or ".join(Path(path).stem for path in NEW)
    asked = f"({stems} or test_texts) and not test_every_command_is_explained"
    shown = run(
        tree, "pytest", *NEW.values(), "tests/test_architecture.py", "tests/test_texts.py", "-vv", "-p", "no:xdist", "-k", asked
    )  # fmt: skip
    for path, test in NEW.items():
        assert f"test_a_file_keeps_the_rules_of_the_house[{path}] PASSED" in shown
        assert f"{test}::test_" in shown
    assert "test_a_language_is_complete[fr] PASSED" in shown


def test_the_recipes_are_formatted_and_linted(tree: Path) -> None:
    files = [*NEW, *NEW.values()]
    run(tree, "ruff", "format", "--check", "--no-cache", *files)
    run(tree, "ruff", "check", "--no-cache", *files)


async def console(tree: Path, world: World, tmp_path: Path, models: str, *questions: str) -> str:
    asks = [part for question in questions for part in ("--ask", question)]
    environment = {**os.environ, **settings(world, tmp_path), "MODELS": models, "PYTHONPATH": str(tree)}  # noqa: TID251 -- as above
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "console", "--as", world.person("Sofia").mail, *asks, cwd=tree, env=environment,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    shown, faults = await process.communicate()
    assert process.returncode == 0, faults.decode()
    return shown.decode()


async def test_the_product_finds_them_by_itself(tree: Path, tenant: World, tmp_path: Path) -> None:
    question = "When is the firmware demo 0.9.5?"
    models = "claude=anthropic:claude-sonnet-5-5,polly=parrot:loud"
    asked = ("who am i", "aide", question, "use polly", "Who is there?")
    shown = await console(tree, tenant, tmp_path, models, *asked)
    assert "You are **Sofia Almeida**" in shown
    assert "- **who am i**: what I know about you" in shown
    assert "Firmware demo 0.9.5" in shown
    assert any(entry.path.endswith("/me/events") for entry in tenant.record if entry.wire == "graph")
    first = next(entry.body for entry in tenant.record if entry.wire == "claude")
    assert "add_up" in {tool["name"] for tool in first["tools"]}
    assert "QUESTION: WHO IS THERE?" in shown
    assert "Answered by loud" in shown
