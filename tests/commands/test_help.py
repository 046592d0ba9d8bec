"""What `help` promises exists, in the words it is shown with, in every language."""

import re
from dataclasses import replace

import pytest

from bot.app import router
from bot.commands import ask, unknown
from bot.commands.help import listed
from bot.texts import languages
from tests.commands.desk import PERSONAL, Desk

LINE = re.compile(r"^- \*\*(?P<say>.+?)\*\*: \S.*?(?:\*(?P<example>[^*]+)\*)?$", re.MULTILINE)


@pytest.mark.parametrize("words", ["help", "Help!", "HILFE", "?", "/help", "what can you do?", "Help, please."])
async def test_it_says_what_it_can_do(desk: Desk, words: str) -> None:
    said = await desk.says(words)
    assert said.text.startswith("I answer questions from your own mail and documents")
    assert not said.ai
    assert not desk.provider.requests


@pytest.mark.parametrize("language", languages())
async def test_every_line_works_as_it_is_shown(desk: Desk, language: str) -> None:
    desk.reference = replace(PERSONAL, locale=language)
    text = (await desk.says("help")).text
    shown = LINE.findall(text)
    assert len(shown) == len(listed())
    for name, (say, example) in zip(listed(), shown, strict=True):
        for words in filter(None, (say, example, f"/{say}")):
            command, _ = router(["scripted", "gpt"]).route(words)
            assert command is listed()[name], f"{words!r} is shown for {name}"


async def test_one_command_is_explained_by_any_of_its_words(desk: Desk) -> None:
    for words in ("help: model", "help: /model", "help: Modell", "help: *models*"):
        said = (await desk.says(words)).text
        assert said.startswith("**model**: which models there are")
        assert "For example: *use Scripted for this*" in said
    desk.reference = replace(PERSONAL, locale="de-DE")
    said = (await desk.says("Hilfe: abmelden")).text
    assert said.startswith("**abmelden**: mich nicht mehr")
    assert "*ausloggen*" in said


async def test_what_is_no_command_is_said_so_without_its_markup(desk: Desk) -> None:
    said = (await desk.says("help: <b>[x](http://evil.example)</b>")).text
    assert said.startswith("There is no command *bxhttpevilexampleb*")
    said = (await desk.says("/frobnicate everything")).text
    assert said == "I don't know */frobnicate*. Say *help* to see what I know, or ask without the slash."
    assert not desk.provider.requests


@pytest.mark.parametrize("said", ["/etc/passwd: what is it?", "/ 2", "7/8 of what?", "//server/share"])
def test_a_slash_alone_makes_no_command(said: str) -> None:
    assert router().route(said) == (ask.COMMAND, said)


def test_a_slash_takes_an_argument_without_a_colon() -> None:
    assert router().route("/model gpt always")[1] == "gpt always"
    assert router().route("/my data export") == (listed()["my_data"], "export")
    assert router().route("/foo") == (unknown.COMMAND, "foo")
    assert router().route("unknown")[0] is ask.COMMAND
