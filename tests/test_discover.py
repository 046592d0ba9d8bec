"""Commands and tools are found by file; what is not one is a fault at start, not at the first question."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from bot.agent.tools import Tool
from bot.answering import Event
from bot.discover import discover
from bot.router import Command
from bot.teams.endpoint import ADMITTED


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    folder = tmp_path / "plugins_for_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "later.py").write_text("NUMBER = 2\n")
    (folder / "earlier.py").write_text("NUMBER = 1\n")
    (folder / "helper.py").write_text("OTHER = 'x'\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith("plugins_for_a_test")]:
        monkeypatch.delitem(sys.modules, name)
    return import_module("plugins_for_a_test")


def test_by_name_in_order_without_helpers(package: ModuleType) -> None:
    assert list(discover(package, "NUMBER", int).items()) == [("earlier", 1), ("later", 2)]


def test_another_kind_is_refused_by_name(package: ModuleType) -> None:
    with pytest.raises(TypeError, match=r"plugins_for_a_test\.helper\.OTHER must be a int\."):
        discover(package, "OTHER", int)


def test_the_house_has_what_it_promises() -> None:
    assert {"ask", "help", "new", "sign_in", "sign_out"} <= set(
        discover(import_module("bot.commands"), "COMMAND", Command)
    )
    tools = discover(import_module("bot.tools"), "TOOL", Tool)
    assert {"read", "search_files", "search_mail"} <= set(tools)
    assert all(tool.spec.name == name for name, tool in tools.items())


def test_no_two_files_take_the_same_kind_of_activity() -> None:
    events = discover(import_module("bot.events"), "EVENT", Event)
    kinds = [kind for event in events.values() for kind in event.kinds]
    assert len(kinds) == len(set(kinds))
    assert set(kinds) >= ADMITTED


def test_no_two_commands_answer_to_the_same_words() -> None:
    commands = discover(import_module("bot.commands"), "COMMAND", Command)
    words = [w.casefold() for name, c in commands.items() for w in (name.replace("_", " "), *c.also)]
    assert len(words) == len(set(words))
