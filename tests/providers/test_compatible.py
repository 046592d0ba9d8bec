"""What only the compatible door does: servers that leave things out or number their calls in their own way."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local.vendors.script import Reply
from providers.base import AnswerSchema, StopReason
from providers.compatible import Reading, to_wire
from providers.errors import BadRequest, ContextTooLong, Incomplete
from providers.structured import ASKED, parsed
from tests.providers.conftest import BUDGET, QUESTION, SCHEMA, TOOLS, Vendors, asked, drained


def chunk(finish: str | None = None, *, content: str | None = None, calls: list[Any] | None = None) -> Any:
    delta = SimpleNamespace(content=content, tool_calls=calls, refusal=None)
    choice = SimpleNamespace(delta=delta, finish_reason=finish)
    return SimpleNamespace(model="m", usage=None, choices=[choice])


def call(index: int | None, id: str | None, name: str | None, arguments: str | None) -> Any:
    return SimpleNamespace(index=index, id=id, function=SimpleNamespace(name=name, arguments=arguments))


def test_only_plain_text_where_plain_text_is_enough() -> None:
    wire = to_wire(asked(BUDGET, QUESTION, tools=TOOLS), "llama")
    assert [message["role"] for message in wire["messages"]] == ["system", "user"]
    assert isinstance(wire["messages"][1]["content"], str)
    assert "strict" not in wire["tools"][0]["function"]
    assert not {"store", "reasoning_effort", "temperature", "prompt_cache_key"} & wire.keys()


@pytest.mark.parametrize(
    "deltas",
    [
        [call(0, "a", "read", '{"id"'), call(0, None, None, ': "1"}'), call(1, "b", "read", '{"id": "2"}')],
        [call(0, "a", "read", '{"id": "1"}'), call(0, "b", "read", '{"id": "2"}')],
        [call(None, "a", "read", '{"id": "1"}'), call(None, "b", "read", '{"id": "2"}')],
    ],
    ids=["as OpenAI", "all numbered 0", "not numbered"],
)
def test_calls_however_they_are_numbered(deltas: list[Any]) -> None:
    reading = Reading("m")
    for delta in deltas:
        reading.from_event(chunk(calls=[delta]))
    reading.from_event(chunk("stop"))
    response = reading.response()
    assert response.stop is StopReason.TOOL_CALLS
    assert [dict(c.arguments) for c in response.message.tool_calls] == [{"id": "1"}, {"id": "2"}]


def test_calls_without_ids_get_their_own() -> None:
    reading = Reading("m", taken={"call"})
    reading.from_event(chunk("tool_calls", calls=[call(0, None, "read", "{}"), call(1, None, "read", "")]))
    assert [c.id for c in reading.response().message.tool_calls] == ["call_2", "call_3"]


def test_no_finish_reason_is_no_answer() -> None:
    reading = Reading("m")
    reading.from_event(chunk(content="Half"))
    with pytest.raises(Incomplete):
        reading.response()


async def test_a_server_that_refuses_forms_is_asked_in_words_from_then_on(vendors: Vendors) -> None:
    vendors.say(Reply(error=400), Reply(text='Sure:\n```json\n{"query": "x"}\n```'), Reply(text='{"query": "y"}'))
    form = AnswerSchema("search", SCHEMA)
    provider, request = vendors.open("compatible", shared=False), replace(asked(QUESTION), schema=form)
    _, first = await drained(provider, request)
    _, second = await drained(provider, request)
    assert (parsed(first, form), parsed(second, form)) == ({"query": "x"}, {"query": "y"})
    assert ["response_format" in record.body for record in vendors.world.record] == [True, False, False]
    assert all(ASKED in record.body["messages"][0]["content"] for record in vendors.world.record)


async def test_what_is_wrong_besides_the_form_stays_wrong(vendors: Vendors) -> None:
    vendors.say(Reply(error=400), Reply(error=400), Reply(error=413))
    provider = vendors.open("compatible", shared=False)
    for kind in (BadRequest, ContextTooLong):
        with pytest.raises(kind):
            await drained(provider, replace(asked(QUESTION), schema=AnswerSchema("search", SCHEMA)))
    assert ["response_format" in record.body for record in vendors.world.record] == [True, False, True]


async def test_no_key_is_needed(vendors: Vendors) -> None:
    await drained(vendors.open("compatible"), asked(QUESTION))
    assert vendors.last.headers["Authorization"] == "Bearer none"
