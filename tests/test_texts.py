"""Every language says everything, with the same values put in; and the code asks for nothing no language has."""

import ast
import re
import string
from pathlib import Path

import pytest

from bot import commands
from bot.discover import discover
from bot.router import Command
from bot.texts import Texts, language_names, languages, manners, texts_of, words

ROOT = Path(__file__).parent.parent
Sentences = dict[str, str | dict[str, str]]

SPEAKING = [path for folder in ("bot", "manifest") for path in (ROOT / folder).rglob("*.py")]


def sentences(language: str) -> Sentences:
    return dict(texts_of(language))


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
    for path in SPEAKING:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1].strip("_") in {"say", "texts"}:
                asked |= {
                    leaf.value
                    for argument in node.args[:1]
                    for leaf in ast.walk(argument)
                    if isinstance(leaf, ast.Constant) and re.fullmatch(r"[a-z_]+(\.[a-z_]*[a-z])+", str(leaf.value))
                }
    assert asked <= set(known)
    assert {"answer.searching", "click.received"} <= asked


def test_every_text_is_said() -> None:
    """By its key, or by a key that is put together (f"why.{reason}"); a language's own name is read with all of them."""
    said, patterns = set[str](), list[str]()
    for path in SPEAKING:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Constant(value=str(text)):
                    said.add(text)
                case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]) if re.match(r"[a-z_]+\.", start):
                    parts = (
                        re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in node.values
                    )
                    patterns.append("".join(parts))
    made = re.compile("|".join([*patterns, r"languages\.\w+"]))
    assert [key for key in sentences("en") if key not in said and not made.fullmatch(key)] == []


def test_values_are_not_patterns_and_numbers_choose_the_form() -> None:
    english = Texts.of("en-GB")
    assert english("answer.reading", n=1) == "Reading 1 source…"
    assert Texts.of("de-AT")("answer.reading", n=3) == "Ich lese 3 Quellen…"
    assert Texts.of("xx").language == "en"
    assert english("answer.reading", n="{0.__class__}") == "Reading {0.__class__} sources…"
    with pytest.raises(KeyError):
        english("nobody.says_this")
    assert not english.has("nobody.says_this")


def test_every_language_names_all_languages() -> None:
    for language in languages():
        assert {name for name in texts_of(language) if name.startswith("languages.")} == {
            f"languages.{code}" for code in languages()
        }
    assert language_names()["deutsch"] == language_names()["german"] == language_names()["de"] == "de"
    assert manners() >= {"please", "bitte"}


def test_all_that_people_say_means_a_command_that_exists() -> None:
    known = discover(commands, "COMMAND", Command)
    for said, meant in words().items():
        name = meant.partition(":")[0]
        assert name.replace(" ", "_") in known, f"{said!r} means {name!r}, which is no command"
        assert said == said.casefold().strip() or "ß" in said, said
        assert (
            set(re.findall(r"\{(\w+)\}", meant)) == set(re.findall(r"\{(\w+)\}", said)) <= {"model", "language", "text"}
        )
        assert "{text}" not in said or said.endswith("{text}"), said


def test_every_command_is_explained_in_every_language() -> None:
    listed = [name for name, command in discover(commands, "COMMAND", Command).items() if command.help]
    for language in languages():
        missing = [name for name in listed if f"command.{name}.does" not in texts_of(language)]
        assert not missing, f"{language}.toml has no [command.…] for {missing}"
