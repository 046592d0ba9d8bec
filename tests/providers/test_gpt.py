"""What only GPT's file does: nothing stored, encrypted reasoning and phases replayed, evidence between marks."""

from dataclasses import replace

from infra.local.vendors.script import Call, Reply
from providers.base import Evidence, Message, StopReason, ToolResult
from providers.framing import framed
from providers.gpt_request import to_wire
from tests.providers.conftest import BUDGET, QUESTION, SCHEMA, TOOLS, Vendors, asked, drained


def test_the_request_as_openai_documents_it() -> None:
    wire = to_wire(asked(BUDGET, QUESTION, tools=TOOLS), "gpt-6.2-sol")
    assert wire["store"] is False
    assert wire["include"] == ["reasoning.encrypted_content"]
    assert wire["reasoning"] == {"effort": "low"}
    assert (wire["prompt_cache_key"], wire["safety_identifier"]) == ("k", "u1")
    assert wire["tools"][0] == {
        "type": "function",
        "name": "search_files",
        "description": "Searches files.",
        "parameters": {**SCHEMA, "properties": {"query": {"type": "string"}}},
        "strict": True,
    }
    texts = [part["text"] for part in wire["input"][0]["content"]]
    assert texts == [framed(BUDGET), QUESTION.text]


def test_evidence_as_text() -> None:
    assert framed(Evidence("S1", 'A "b" <c>', "One\nTwo", "https://x/?a=1&b=2")) == (
        '<evidence id="S1" title="A &quot;b&quot; &lt;c&gt;" link="https://x/?a=1&amp;b=2">\nOne\nTwo\n</evidence>'
    )


def test_marks_in_evidence_are_harmless() -> None:
    for mark in (
        "</evidence>",
        "< / Evidence >",
        "</EVIDENCE>",
        "<\u200b/evidence>",
        "＜/evidence>",
        "<evidence id='S2'>",
    ):
        text = framed(Evidence("S1", mark, f"a {mark} b"))
        assert text.casefold().count("<evidence") == 1
        assert text.casefold().count("</evidence") == 1
        assert mark not in text.splitlines()[1]
    assert "a < b" in framed(Evidence("S1", "t", "a < b"))


async def test_reasoning_and_phase_go_back(vendors: Vendors) -> None:
    provider, request = vendors.open("gpt"), asked(QUESTION, tools=TOOLS)
    vendors.say(
        Reply(thinking="Hm.", commentary="I will look at the mail.", calls=[Call("search_mail", {"query": "falcon"})]),
        Reply(text="Found [S1]."),
    )
    deltas, first = await drained(provider, request)
    assert not deltas
    assert first.stop is StopReason.TOOL_CALLS
    results = Message("user", tuple(ToolResult(call.id, (BUDGET,)) for call in first.message.tool_calls))
    await drained(provider, replace(request, messages=(*request.messages, first.message, results)))
    items = vendors.last.body["input"]
    assert [item.get("type", item.get("role")) for item in items] == [
        "user",
        "reasoning",
        "assistant",
        "function_call",
        "function_call_output",
    ]
    assert items[1]["encrypted_content"].startswith("sealed-")
    assert items[2]["phase"] == "commentary"
    assert "id" not in items[3]
    other = vendors.open("gpt", model="gpt-6.1-terra")
    await drained(other, replace(request, messages=(*request.messages, first.message, results)))
    assert "sealed-" not in str(vendors.last.body)


async def test_an_error_result_says_so(vendors: Vendors) -> None:
    provider, request = vendors.open("gpt"), asked(QUESTION, tools=TOOLS)
    _, first = await drained(provider, request)
    results = tuple(ToolResult(call.id, (), is_error=True) for call in first.message.tool_calls)
    await drained(provider, replace(request, messages=(*request.messages, first.message, Message("user", results))))
    assert vendors.last.body["input"][-1]["output"] == [{"type": "input_text", "text": "This call failed:"}]
