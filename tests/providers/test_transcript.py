"""Any transcript at all becomes a request that each vendor's own checks accept."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.local.vendors import claude_checks, openai_checks
from providers import claude_request, compatible, gpt_request
from providers.base import (
    INVALID_ARGUMENTS,
    AnswerSchema,
    Evidence,
    File,
    Image,
    Message,
    Native,
    Request,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from providers.transcript import parsed_arguments, repaired, unique_id

strings = st.text(st.characters(), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | strings,
    lambda inner: st.lists(inner) | st.dictionaries(strings, inner),
    max_leaves=4,
)
ids = st.sampled_from(["c1", "c2", "toolu_1", "", "ä/ö", "x" * 80])
images = st.builds(Image, st.binary(max_size=8), st.sampled_from(["image/png", "image/jpeg"]))
files = st.builds(File, st.binary(max_size=8), st.just("application/pdf"), strings)
evidence = st.builds(Evidence, st.sampled_from(["S1", "S2"]), strings, strings, strings, strings)
texts = st.builds(Text, strings)
calls = st.builds(ToolCall, ids, strings, st.dictionaries(strings, json_values, max_size=2))
results = st.builds(ToolResult, ids, st.lists(texts | evidence | images | files, max_size=3).map(tuple), st.booleans())
natives = st.none() | st.builds(
    Native, st.sampled_from(["anthropic", "elsewhere"]), st.just("other-model"), json_values
)
messages = st.builds(
    Message,
    st.sampled_from(["user", "assistant"]),
    st.lists(texts | images | files | evidence | calls | results, max_size=5).map(tuple),
    natives,
)
CLOSED = {
    "type": "object",
    "properties": {"q": {"type": "string"}},
    "required": ["q"],
    "additionalProperties": False,
}
specs = st.lists(
    st.builds(
        ToolSpec,
        st.sampled_from(["search_mail", "read", "search_files"]),
        strings,
        st.sampled_from(
            [
                CLOSED,
                {"type": "object", "properties": {"q": {"type": "string", "maxLength": 4}, "n": {"type": "integer"}}},
            ]
        ),
    ),
    max_size=3,
    unique_by=lambda spec: spec.name,
).map(tuple)
requests = st.builds(
    Request,
    strings,
    st.lists(messages, max_size=8).map(tuple),
    specs,
    schema=st.none() | st.builds(AnswerSchema, strings, st.just(CLOSED)),
    cache_key=st.text("ab", max_size=90),
    user_hash=st.text("ab", max_size=90),
)
Wires = tuple[Callable[[Request, str], dict[str, Any]], Callable[[dict[str, Any]], None], str]
WIRES: list[Wires] = [
    (claude_request.to_wire, claude_checks.check, "claude-opus-5-5"),
    (gpt_request.to_wire, openai_checks.check_responses, "gpt-6.2-sol"),
    (compatible.to_wire, openai_checks.check_chat, "llama"),
]


@pytest.mark.parametrize(("to_wire", "check", "model"), WIRES, ids=["claude", "gpt", "compatible"])
@given(request=requests)
@example(request=Request("\ud800", (), (ToolSpec("read", "\ud800", {"type": "object", "properties": {}}),)))
def test_any_transcript_is_a_valid_request(
    to_wire: Callable[[Request, str], dict[str, Any]],
    check: Callable[[dict[str, Any]], None],
    model: str,
    request: Request,
) -> None:
    wire = to_wire(request, model)
    json.dumps(wire, ensure_ascii=False).encode()
    check(wire)


@given(st.lists(messages, max_size=8))
def test_repairing_twice_changes_nothing(given_messages: list[Message]) -> None:
    once = repaired(given_messages)
    assert repaired(once) == once
    assert [m.role for m in once] == ["user" if n % 2 == 0 else "assistant" for n in range(len(once))]


def test_a_sound_transcript_stays_as_it_is() -> None:
    native = Native("anthropic", "m", {})
    sound = (
        Message("user", (Evidence("S1", "t", "x"), Text("Hello"))),
        Message("assistant", (Text("Look:"), ToolCall("c1", "read", {"id": "1"})), native),
        Message("user", (ToolResult("c1", (Text("found"),)),)),
        Message("assistant", (Text("Hi [S1]"),), native),
        Message("user", (Text("Thanks"),)),
    )
    assert repaired(sound) == sound


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        ("", {}),
        (" ", {}),
        ('{"a": 1}', {"a": 1}),
        ("[1]", {INVALID_ARGUMENTS: "[1]"}),
        ('{"a": ', {INVALID_ARGUMENTS: '{"a": '}),
        ("[" * 100_000, {INVALID_ARGUMENTS: "[" * 100_000}),
    ],
    ids=["empty", "blank", "object", "list", "cut", "deep"],
)
def test_arguments(raw: str, parsed: dict[str, Any]) -> None:
    assert parsed_arguments(raw) == parsed


@given(st.text(), st.sets(st.text("ab", max_size=2)))
def test_ids_fit_every_vendor_and_are_new(wanted: str, taken: set[str]) -> None:
    before = set(taken)
    id = unique_id(wanted, taken)
    assert 1 <= len(id) <= 64
    assert id not in before
    assert id in taken
    assert id.isascii()
