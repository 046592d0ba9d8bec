"""Every language says everything, with the same values put in; and the code asks for nothing no language has."""

import ast
import re
import string
import tomllib
from pathlib import Path

import pytest

from bot.texts import FOLDER, Texts, languages

ROOT = Path(__file__).parent.parent
Sentences = dict[str, str | dict[str, str]]


def sentences(language: str) -> Sentences:
    sections = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{section}.{key}": text for section, texts in sections.items() for key, text in texts.items()}


def names(text: str | dict[str, str]) -> set[str]:
    texts = list(text.values()) if isinstance(text, dict) else [text]
    return {name for one in texts for _, name, _, _ in string.Formatter().parse(one) if name}


@pytest.mark.parametrize("language", [name for name in languages() if name != "en"])
def test_a_language_is_complete(language: str) -> None:
    english, other = sentences("en"), sentences(language)
    assert set(other) == set(english)
    for key, text in english.items():
        assert names(other[key]) == names(text), key
        assert isinstance(other[key], dict) == isinstance(text, dict), key


def test_the_code_asks_only_for_texts_that_exist() -> None:
    known = sentences("en")
    asked = set()
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1].strip("_") in {"say", "texts"}:
                asked |= {
                    leaf.value
                    for argument in node.args[:1]
                    for leaf in ast.walk(argument)
                    if isinstance(leaf, ast.Constant) and re.fullmatch(r"[a-z_]+\.[a-z_]+", str(leaf.value))
                }
    assert asked <= set(known)
    assert {"answer.searching", "click.received"} <= asked


def test_values_are_not_patterns_and_numbers_choose_the_form() -> None:
    english = Texts.of("en-GB")
    assert english("answer.reading", n=1) == "Reading 1 source…"
    assert Texts.of("de-AT")("answer.reading", n=3) == "Ich lese 3 Quellen…"
    assert Texts.of("xx").language == "en"
    assert english("answer.reading", n="{0.__class__}") == "Reading {0.__class__} sources…"
