"""Files only, and the same strictness as for mail."""

import pytest

from bot.agent.tools import ToolError
from bot.tools import search_mail
from bot.tools.search_files import TOOL
from tests.agent.fakes import FixedToolbox


async def test_it_searches_files_only() -> None:
    toolbox = FixedToolbox()
    await TOOL.run(toolbox, {"query": "Reisekosten Richtlinie"})
    assert toolbox.asked == ["files:Reisekosten Richtlinie"]
    assert not TOOL.writes


async def test_wrong_arguments_are_answered_with_a_sentence() -> None:
    with pytest.raises(ToolError):
        await TOOL.run(FixedToolbox(), {"query": {"text": "x"}})


def test_it_takes_what_its_sister_takes() -> None:
    assert TOOL.spec.name == "search_files"
    assert TOOL.spec.parameters == search_mail.TOOL.spec.parameters
    assert TOOL.spec.description != search_mail.TOOL.spec.description
