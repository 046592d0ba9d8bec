"""The same question through every vendor's real SDK: streamed, with a tool call, answered with the right citations."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from infra.local.vendors.script import Call, Reply
from tests.e2e.parley import Parley, citing

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUESTION = "What does the casting tool from Brenta cost?"
SOURCES = {
    "Fonderia Brenta quote 2026-318.pdf",
    "Casting supplier decision.docx",
    "Re: Quote for HRN-200 impeller housing",
}
WIRE = {"claude": "claude", "gpt": "openai", "compatible": "openai"}
SDK = {"claude": "AsyncAnthropic/", "gpt": "AsyncOpenAI/", "compatible": "AsyncOpenAI/"}
PATH = {"claude": "/v1/messages", "gpt": "/responses", "compatible": "/chat/completions"}


@pytest.fixture(scope="module", params=["claude", "gpt", "compatible"])
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_a_question_is_searched_further_and_answered_with_citations(parley: Parley, door: str) -> None:
    await parley.sign_in("sofia")
    since = len(parley.world.record)
    search = Call("search_files", {"query": "Brenta casting tool quote"})
    parley.world.state["script"] = [
        Reply(text="Let me look closer.", calls=[search]),
        citing("The tool costs 27,400 EUR", "27,400"),
    ]
    seen = await parley.ask("sofia", QUESTION)

    first, second = parley.received(WIRE[door], since=since)
    assert all(request.path.endswith(PATH[door]) and request.body["stream"] is True for request in (first, second))
    assert all(SDK[door] in _header(request.headers, "user-agent") for request in (first, second))
    assert "search_files" in str(first.body["tools"])
    assert len(str(second.body)) > len(str(first.body)), "the tool's result goes back to the model"

    assert "27,400" in seen.text
    assert seen.ai_label
    assert [c["position"] for c in seen.citations] == list(range(1, len(seen.citations) + 1))
    assert all(f"[{c['position']}]" in seen.text for c in seen.citations)
    assert seen.citations
    assert {c["name"] for c in seen.citations} <= SOURCES
    links = {r["url"] for r in seen.citations}
    assert all(
        link.startswith(("https://sharepoint.tidewell.example/", "https://outlook.office365.com/")) for link in links
    )


async def test_the_answer_grows_in_one_message(parley: Parley, door: str) -> None:
    await parley.sign_in("sofia")
    since = len(parley.world.record)
    text = "The tool costs 27,400 EUR, and the price holds until the end of the year. " * 8
    parley.world.state["script"] = [Reply(text=text, delay=0.03)]
    seen = await parley.ask("sofia", QUESTION)
    bodies = [body for body in parley.sent_to_teams(since) if body.get("type") != "message"]
    kinds = [_streaminfo(body)["streamType"] for body in bodies]
    assert "informative" in kinds
    assert "streaming" in kinds
    grown = [body["text"] for body in bodies if _streaminfo(body)["streamType"] == "streaming"]
    assert all(later.startswith(earlier) for earlier, later in pairwise(grown))
    assert seen.text.startswith(grown[-1])
    assert len({id for body in bodies[1:] for id in [_streaminfo(body)["streamId"]]}) == 1


async def test_the_model_that_really_answered_is_named(parley: Parley, door: str) -> None:
    await parley.sign_in("sofia")
    parley.world.state["script"] = [Reply(text="Certainly.", model="substitute-7")]
    seen = await parley.ask("sofia", QUESTION)
    assert "Answered by substitute-7" in seen.text


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.casefold() == name), "")


def _streaminfo(body: Mapping[str, Any]) -> Mapping[str, Any]:
    found: list[Mapping[str, Any]] = [e for e in body.get("entities", []) if e.get("type") == "streaminfo"]
    return found[0] if found else body.get("channelData", {})
