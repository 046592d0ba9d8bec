"""The model's arguments are hostile; what it may search is fixed."""

import re
from typing import Any

import pytest

from bot.agent.tools import ToolError
from bot.tools.search_mail import TOOL
from graph.errors import SignInNeeded, Unavailable
from providers.base import INVALID_ARGUMENTS, Text
from tests.agent.fakes import FixedToolbox


async def test_it_searches_mail_only() -> None:
    toolbox = FixedToolbox()
    assert await TOOL.run(toolbox, {"query": "Heron budget"}) == (Text("found"),)
    assert toolbox.asked == ["mail:Heron budget"]
    assert not TOOL.writes


async def test_nothing_found_is_said() -> None:
    (part,) = await TOOL.run(FixedToolbox(content=()), {"query": "Heron"})
    assert isinstance(part, Text)
    assert "Nothing was found" in part.text


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"query": ""},
        {"query": "x" * 401},
        {"query": 7},
        {"query": None},
        {"query": ["Heron"]},
        {"query": "Heron", "source": "files"},
        {"Query": "Heron"},
        {INVALID_ARGUMENTS: '{"query": "Her'},
    ],
    ids=repr,
)
async def test_wrong_arguments_are_answered_with_a_sentence(arguments: dict[str, Any]) -> None:
    toolbox = FixedToolbox()
    with pytest.raises(ToolError, match=re.escape("Give one argument, `query`")):
        await TOOL.run(toolbox, arguments)
    assert not toolbox.asked


def test_the_schema_is_one_both_vendors_take_strictly() -> None:
    schema = TOOL.spec.parameters
    assert TOOL.spec.name == "search_mail"
    assert schema["required"] == ["query"]
    assert schema["additionalProperties"] is False


class Failing(FixedToolbox):
    async def search(self, question: str, only: Any = ()) -> Any:
        raise self.error

    error: Exception = SignInNeeded("ended")


@pytest.mark.parametrize("error", [SignInNeeded("ended"), Unavailable("down")], ids=["sign-in", "down"])
async def test_a_sign_in_that_ended_and_a_broken_service_are_not_hidden_from_the_turn(error: Exception) -> None:
    toolbox = Failing()
    toolbox.error = error
    with pytest.raises(type(error)):
        await TOOL.run(toolbox, {"query": "Heron"})
