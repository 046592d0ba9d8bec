"""Whether an answer has the form that was asked for: our check of the strict subset is the standard's."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base import AnswerSchema, Message, Request, Response, StopReason, Text
from providers.capabilities import capabilities_of, shaped
from providers.errors import Incomplete
from providers.structured import ASKED, fits, parsed, told
from tests.providers.conftest import SCHEMA

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | st.sampled_from([0.0, 0.5, 1.0]) | st.sampled_from(["", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
plain = st.one_of(
    st.builds(lambda kind: {"type": kind}, st.sampled_from(["string", "integer", "number", "boolean", "null"])),
    st.builds(lambda kinds: {"type": kinds}, st.just(["string", "null"])),
    st.builds(lambda one: {"const": one}, st.none() | st.booleans() | st.sampled_from([0, 1, "a"])),
    st.builds(lambda these: {"enum": these}, st.lists(st.booleans() | st.sampled_from([0, 1, "a"]), min_size=1)),
    st.just({}),
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    closed = st.builds(
        lambda properties, needed: {
            "type": "object",
            "properties": properties,
            "required": needed,
            "additionalProperties": False,
        },
        st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        st.lists(st.sampled_from("ab"), max_size=2, unique=True),
    )
    return closed | st.builds(lambda items: {"type": "array", "items": items}, inner)


schemas = st.recursive(
    plain,
    lambda inner: objects(inner) | st.builds(lambda these: {"anyOf": these}, st.lists(inner, min_size=1, max_size=2)),
)


@given(values, schemas)
def test_what_fits_is_what_the_standard_says(value: Any, schema: dict[str, Any]) -> None:
    assert fits(value, schema) == jsonschema.Draft202012Validator(schema).is_valid(value)


def said(text: str) -> Response:
    return Response(Message("assistant", (Text(text),)), StopReason.FINISHED, "m")


@pytest.mark.parametrize(
    "text", ['{"query": "x"}', 'Of course!\n```json\n{"query": "x"}\n```\nAnything else?', ' {"query": "x"}\n']
)
def test_words_around_the_object_do_not_matter(text: str) -> None:
    assert parsed(said(text), AnswerSchema("search", SCHEMA)) == {"query": "x"}


@pytest.mark.parametrize("text", ["", "{", "}{", "[]", '"x"', '{"query": 1}', '{"query": "x", "n": 1}', "{" * 9999])
def test_anything_else_is_no_answer(text: str) -> None:
    with pytest.raises(Incomplete):
        parsed(said(text), AnswerSchema("search", SCHEMA))


def test_a_model_that_cannot_be_bound_is_told() -> None:
    request = Request("Judge.", (Message("user", (Text("x"),)),), schema=AnswerSchema("search", SCHEMA))
    assert shaped(request, capabilities_of("claude-opus-5-5")).schema == request.schema
    for asked in (shaped(request, capabilities_of("mystery")), told(request)):
        assert asked.schema is None
        assert asked.system.startswith("Judge.\n\n" + ASKED)
    open_form = Request("", request.messages, schema=AnswerSchema("any", {"type": "object", "properties": {"a": {}}}))
    assert ASKED in shaped(open_form, capabilities_of("gpt-6.2-sol")).system
