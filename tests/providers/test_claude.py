"""What only Claude's file does: search results, native citations, thinking bound to its prefix, cache marks."""

from dataclasses import replace

import pytest

from infra.local.vendors.script import Call, Reply
from providers.base import Message, Request, Text, ToolResult
from providers.claude_citations import Markers
from providers.claude_request import to_wire
from providers.framing import RULES, framed
from tests.providers.conftest import BUDGET, HOTEL, QUESTION, TOOLS, Vendors, asked, drained


def test_the_request_as_anthropic_documents_it() -> None:
    wire = to_wire(asked(BUDGET, QUESTION, tools=TOOLS), "claude-sonnet-5-5")
    assert wire["system"] == [
        {"type": "text", "text": "Answer from the evidence.", "cache_control": {"type": "ephemeral"}}
    ]
    assert wire["metadata"] == {"user_id": "u1"}
    assert wire["output_config"] == {"effort": "low"}
    assert [tool["name"] for tool in wire["tools"]] == ["search_files", "search_mail"]
    assert wire["tools"][-1]["cache_control"] == {"type": "ephemeral"}
    assert wire["tools"][0]["input_schema"]["properties"] == {"query": {"type": "string"}}
    assert wire["messages"] == [
        {
            "role": "user",
            "content": [
                {
                    "type": "search_result",
                    "source": "S1",
                    "title": "[S1] Falcon budget",
                    "content": [{"type": "text", "text": "Anna"}, {"type": "text", "text": BUDGET.text}],
                    "citations": {"enabled": True},
                },
                {"type": "text", "text": QUESTION.text},
            ],
        }
    ]
    assert not {"temperature", "top_p", "top_k"} & wire.keys()


async def test_another_model_behind_claudes_wire_gets_evidence_as_text(vendors: Vendors) -> None:
    """llama.cpp, Ollama and vLLM speak it too, without blocks for search results."""
    vendors.say(Reply(text="It is 48,500 EUR [S1]."))
    _, response = await drained(vendors.open("claude", model="claude-small@plain"), asked(BUDGET, QUESTION))
    assert response.message.text == "It is 48,500 EUR [S1]."
    assert [block["type"] for block in vendors.last.body["messages"][0]["content"]] == ["text", "text"]
    assert vendors.last.body["messages"][0]["content"][0]["text"] == framed(BUDGET)
    assert RULES in vendors.last.body["system"][0]["text"]
    assert "output_config" not in vendors.last.body


async def test_the_end_of_what_was_said_before_is_kept(vendors: Vendors) -> None:
    before = (Message("user", (Text("Hello"),)), Message("assistant", (Text("Hi."),)))
    request = asked(BUDGET, QUESTION, tools=TOOLS)
    wire = to_wire(replace(request, messages=(*before, *request.messages)), "claude-sonnet-5-5")
    assert wire["messages"][1]["content"] == [{"type": "text", "text": "Hi.", "cache_control": {"type": "ephemeral"}}]
    assert str(wire["messages"]).count("cache_control") == 1
    assert wire["cache_control"] == {"type": "ephemeral"}


async def test_the_key_goes_as_a_bearer_token(vendors: Vendors) -> None:
    await drained(vendors.open("claude"), asked(QUESTION))
    assert vendors.last.headers["Authorization"] == "Bearer key"
    assert vendors.last.headers["anthropic-version"] == "2026-10-21"


async def test_native_citations_become_markers_once(vendors: Vendors) -> None:
    provider = vendors.open("claude")
    vendors.say(Reply(text="It is 48,500 EUR", citations=["S1", "S2"]), Reply(text="It is so [S1].", citations=["S1"]))
    _, first = await drained(provider, asked(BUDGET, HOTEL, QUESTION))
    assert first.message.text == "It is 48,500 EUR [S1][S2]"
    _, second = await drained(provider, asked(BUDGET, HOTEL, QUESTION))
    assert second.message.text == "It is so [S1]."


async def test_thinking_goes_back_to_where_it_was_made(vendors: Vendors) -> None:
    provider, request = vendors.open("claude"), asked(QUESTION, tools=TOOLS)
    vendors.say(Reply(thinking="Let me see.", calls=[Call("search_mail", {"query": "falcon"})]), Reply(text="Found."))
    _, first = await drained(provider, request)
    assert first.message.native is not None
    results = Message("user", tuple(ToolResult(call.id, (BUDGET,)) for call in first.message.tool_calls))
    history = (*request.messages, first.message, results)
    await drained(provider, replace(request, messages=history))
    assert vendors.last.body["messages"][1]["content"][0]["type"] == "thinking"
    # The wire refuses thinking whose model or prefix changed: none is sent there.
    for changed in (
        replace(request, messages=(Message("user", (Text("Something else"),)), *history[1:])),
        replace(request, messages=(*history[:1], Message("assistant", (Text("Hm."),)), history[0], *history[1:])),
        replace(request, messages=history, system="Another."),
    ):
        await drained(provider, changed)
        assert "thinking" not in str(vendors.last.body["messages"])
    await drained(vendors.open("claude", model="claude-opus-5-5"), replace(request, messages=history))
    assert "thinking" not in str(vendors.last.body["messages"])
    assert {record.status for record in vendors.world.record} == {200}


@pytest.mark.parametrize(
    ("deltas", "shown"),
    [
        ([("The fee is 5", ["S1"]), (". Pay it.", [])], "The fee is 5 [S1]. Pay it."),
        ([("The fee is 5 [S1]", ["S1"]), (".", [])], "The fee is 5 [S1]."),
        ([("The fee is 5", ["S1"]), (" [S", []), ("1].", [])], "The fee is 5 [S1]."),
        ([("The fee is 5", ["S1", "S2"]), (" [S2] now", [])], "The fee is 5 [S1] [S2] now"),
        ([("It is so. ", ["S1"]), ("Next.", [])], "It is so. [S1] Next."),
        ([("One", ["S1"]), (" [see below]", [])], "One [S1] [see below]"),
        ([("One", ["S1", "S1"])], "One [S1]"),
        ([("One", []), ("Two", [])], "OneTwo"),
    ],
)
def test_markers(deltas: list[tuple[str, list[str]]], shown: str) -> None:
    """Each pair is a delta with the citations that come with it; a block ends where citations came."""
    markers, text = Markers(), ""
    for delta, cited in deltas:
        text += markers.text(delta)
        for id in cited:
            markers.cite(id)
        if cited:
            markers.end_block()
    assert text + markers.end() == shown


def test_results_of_calls_come_first_in_one_message() -> None:
    request = Request("", (Message("user", (QUESTION, ToolResult("nobody", ()), BUDGET)),))
    content = to_wire(request, "claude-sonnet-5-5")["messages"][0]["content"]
    assert [block["type"] for block in content] == ["text", "search_result"]
