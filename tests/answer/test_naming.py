"""Every phrase the parts below us have for a reason, and every source, is known in every language."""

import ast
from pathlib import Path

import pytest

import bot.grounding
from bot.naming import joined, key, reason, source
from bot.texts import Texts, languages, texts_of
from graph.discover import available
from graph.extract.reasons import ALL
from graph.options import Options

HERE = Path(bot.grounding.__file__).parent
RETURNING = "reason"
"""The function whose results are such phrases."""
SAYING = ("_source_failed", "skip", "_skip", "Skipped")


def phrases() -> set[str]:
    """What grounding says of sources and documents it left out."""
    found = set(ALL)
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in SAYING:
                found |= {
                    arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                }
            if isinstance(node, ast.FunctionDef) and node.name == RETURNING:
                results = [inner for inner in ast.walk(node) if isinstance(inner, ast.Return)]
                constants = [leaf for result in results for leaf in ast.walk(result) if isinstance(leaf, ast.Constant)]
                found |= {leaf.value for leaf in constants if isinstance(leaf.value, str)}
    return found - {"something you found"}


@pytest.mark.parametrize("language", sorted(languages()))
def test_all_reasons_are_translated(language: str) -> None:
    assert len(phrases()) >= 15
    assert not [phrase for phrase in phrases() if f"why.{key(phrase)}" not in texts_of(language)]


@pytest.mark.parametrize("language", sorted(languages()))
def test_all_sources_have_a_name(language: str) -> None:
    assert not [name for name in available(Options()) if f"source.{name}" not in texts_of(language)]


def test_what_is_not_known_stays_as_it_is() -> None:
    german = Texts("de")
    assert reason("it is too large", german) == "sie ist zu groß"
    assert reason("weil es regnet", german) == "weil es regnet"
    assert source("archive", german) == "archive"
    assert joined(["Mails", "Dateien", "Chats"], german) == "Mails, Dateien und Chats"
    assert joined([], german) == ""
