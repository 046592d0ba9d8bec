"""Reading on: only in what was retrieved."""

import re
from typing import Any

import pytest

from bot.agent.tools import Content, ToolError
from bot.context import Audience
from bot.grounding.search import READ_ON, Grounding
from bot.tools.read import TOOL
from graph.errors import Forbidden, GraphError, NotFound, SignInNeeded, Throttled, Unavailable, Unreadable
from providers.base import Text
from tests.agent.fakes import FixedToolbox
from tests.commands.desk import NOW, SOFIA, Shelf


async def test_it_reads_by_the_passages_id() -> None:
    toolbox = FixedToolbox()
    assert await TOOL.run(toolbox, {"id": "S12"}) == (Text("found"),)
    assert toolbox.asked == ["S12"]
    assert not TOOL.writes


@pytest.mark.parametrize(
    "id", ["", "S", "s1", "S1 ", " S1", "S12345", "S1\n", "files:1", "../S1", 1, None, ["S1"], "S１"], ids=repr
)
async def test_what_is_no_id_is_refused(id: Any) -> None:
    toolbox = FixedToolbox()
    with pytest.raises(ToolError, match=re.escape("such as S3")):
        await TOOL.run(toolbox, {"id": id})
    assert not toolbox.asked


@pytest.mark.parametrize("arguments", [{}, {"id": "S1", "path": "/etc/passwd"}, {"query": "S1"}], ids=repr)
async def test_other_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ToolError):
        await TOOL.run(FixedToolbox(), arguments)


class Failing(FixedToolbox):
    error: Exception = GraphError("")

    async def read(self, passage_id: str) -> Content:
        raise self.error


async def _failing(error: Exception) -> Content:
    toolbox = Failing()
    toolbox.error = error
    return await TOOL.run(toolbox, {"id": "S1"})


async def test_an_id_that_was_never_given_is_named_so() -> None:
    with pytest.raises(ToolError, match="a passage you were given"):
        await _failing(NotFound("no", status=404))


@pytest.mark.parametrize(
    "error", [Unavailable("x"), Throttled("x", seconds=1), Forbidden("x"), Unreadable("encrypted")], ids=repr
)
async def test_graphs_failures_are_told_to_the_model(error: Exception) -> None:
    with pytest.raises(ToolError, match="could not be opened"):
        await _failing(error)


async def test_a_sign_in_that_ended_ends_the_turn() -> None:
    with pytest.raises(SignInNeeded):
        await _failing(SignInNeeded("ended"))


async def test_nothing_more_is_said() -> None:
    (part,) = await TOOL.run(FixedToolbox(content=()), {"id": "S1"})
    assert isinstance(part, Text)
    assert "no more text" in part.text


async def test_it_reads_on_from_the_passage() -> None:
    shelf = Shelf()
    shelf.put("Handbook.docx", "\n\n".join(f"Chapter {n}. " + f"Heron pump rule {n}. " * 60 for n in range(20)))
    grounding = Grounding({"files": shelf}, Audience(SOFIA.id, None, personal=True), NOW.timestamp)
    (first, *_) = await grounding.search("Heron pump rule 3")
    more = await grounding.read(first.id)
    assert 1 < len(more) <= READ_ON
    assert more[0].id == first.id
    assert len({passage.id for passage in more}) == len(more)
