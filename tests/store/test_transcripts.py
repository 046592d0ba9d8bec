"""What was said comes back exactly: every kind of part, in order, the newest turns only."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.database import Database
from bot.store.message_json import MalformedTranscript, from_json, to_json
from bot.store.transcripts import Transcripts
from providers.base import Evidence, File, Image, Message, Native, Text, ToolCall, ToolResult

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
plain_parts = st.one_of(
    st.builds(Text, st.text()),
    st.builds(Image, st.binary(max_size=64), st.sampled_from(["image/png", "image/webp"])),
    st.builds(File, st.binary(max_size=64), st.just("application/pdf"), st.text()),
    st.builds(Evidence, st.text(), st.text(), st.text(), st.text(), st.text()),
)
parts = st.one_of(
    plain_parts,
    st.builds(ToolCall, st.text(), st.text(), st.dictionaries(st.text(), json_values, max_size=3)),
    st.builds(ToolResult, st.text(), st.lists(plain_parts, max_size=3).map(tuple), st.booleans()),
)
messages = st.builds(
    Message,
    st.sampled_from(["user", "assistant"]),
    st.lists(parts, max_size=4).map(tuple),
    st.none() | st.builds(Native, st.text(), st.text(), json_values),
)


@given(messages)
def test_json_and_back_is_the_same_message(message: Message) -> None:
    assert from_json(json.loads(json.dumps(to_json(message)))) == message


@given(json_values)
def test_any_other_json_is_refused_by_name(value: Any) -> None:
    with pytest.raises(MalformedTranscript):
        from_json(value)


@given(messages, st.data())
def test_a_message_with_a_damaged_field_never_breaks_the_reader(message: Message, data: st.DataObject) -> None:
    value = to_json(message)
    where = data.draw(st.sampled_from(["role", "parts", "native"]))
    value[where] = data.draw(json_values)
    for part in value["parts"] if isinstance(value["parts"], list) and where != "parts" else []:
        part[data.draw(st.sampled_from(sorted(part)))] = data.draw(json_values)
    with contextlib.suppress(MalformedTranscript):
        assert isinstance(from_json(value), Message)


def said(text: str) -> tuple[Message, ...]:
    return (Message("user", (Text(text),)), Message("assistant", (Text(f"re: {text}"),)))


async def test_the_newest_turns_oldest_first(database: Database) -> None:
    transcripts = Transcripts(database)
    for number in range(5):
        await transcripts.save("c1", f"a{number}", said(f"t{number}"))
    await transcripts.save("c2", "a0", said("elsewhere"))
    assert await transcripts.load("c1", turns=2) == said("t3") + said("t4")
    assert await transcripts.load("c1", turns=2, before="a4") == said("t2") + said("t3")
    assert await transcripts.load("c3", turns=2) == ()


async def test_a_turn_saved_again_is_replaced_in_its_place(database: Database) -> None:
    transcripts = Transcripts(database)
    await transcripts.save("c1", "a1", said("one")[:1])
    await transcripts.save("c1", "a2", said("two"))
    await transcripts.save("c1", "a1", said("one"))
    assert await transcripts.load("c1", turns=9) == said("one") + said("two")


async def test_a_deleted_conversation_is_gone_and_others_stay(database: Database) -> None:
    transcripts = Transcripts(database)
    await transcripts.save("c1", "a1", said("one"))
    await transcripts.save("c2", "a1", said("two"))
    await transcripts.delete("c1")
    assert await transcripts.load("c1", turns=9) == ()
    assert await transcripts.load("c2", turns=9) == said("two")
