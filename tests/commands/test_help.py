"""What `help` promises exists."""

import re

import pytest

from bot.app import router
from bot.commands import ask
from bot.commands.help import text
from tests.commands.desk import Desk


@pytest.mark.parametrize("words", ["help", "Help!", "HILFE", "?", "/help", "what can you do?"])
async def test_it_says_what_it_can_do(desk: Desk, words: str) -> None:
    said = await desk.says(words)
    assert said.text == text()
    assert not said.ai
    assert not desk.provider.requests


def test_every_command_it_names_is_one() -> None:
    names = re.findall(r"^- \*\*(.+?)\*\*: \S", text(), re.MULTILINE)
    assert {"new", "sign in", "sign out", "help"} <= set(names)
    for name in names:
        command, argument = router().route(name)
        assert command is not ask.COMMAND, f"{name} is no command"
        assert not argument
