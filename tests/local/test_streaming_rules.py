"""The streaming state machine: each documented code, and a walk through random streams that never leaves the rules."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local import streaming
from infra.local.connector_errors import ConnectorError
from infra.local.connector_state import conversation, personal_chat
from infra.local.connector_writes import stop_stream
from infra.local.streaming import Step, Stream
from infra.local.world import World
from tests.local.driven import GROUP_CHAT, bot, with_places


def chunk(
    text: str, sequence: int | None, id: str | None = None, kind: str = "streaming", **more: Any
) -> dict[str, Any]:
    entity: dict[str, Any] = {"type": "streaminfo", "streamType": kind}
    if id is not None:
        entity["streamId"] = id
    if sequence is not None:
        entity["streamSequence"] = sequence
    return {"type": "message" if kind == "final" else "typing", "text": text, "entities": [entity], **more}


class Chat:
    """One personal chat with a clock of its own."""

    def __init__(self) -> None:
        self.streams: dict[str, Stream] = {}
        self.now = 1000.0
        self._ids = itertools.count(1)

    def send(self, activity: dict[str, Any], after: float = 1.0) -> Step:
        self.now += after
        return streaming.step(self.streams, activity, personal=True, now=self.now, new_id=lambda: str(next(self._ids)))

    def refused(self, activity: dict[str, Any], after: float = 1.0) -> tuple[int, str]:
        with pytest.raises(ConnectorError) as caught:
            self.send(activity, after)
        return caught.value.status, caught.value.message


def test_a_stream_from_its_first_word_to_the_last() -> None:
    chat = Chat()
    assert chat.send(chunk("Looking", 1, kind="informative")).status == 201
    assert chat.send(chunk("You have", 2, "1")).status == 202
    assert chat.send(chunk("You have three", 3, "1")).shown
    assert not chat.send(chunk("Reading more", 4, "1", "informative")).shown
    assert chat.send(chunk("You have three items.", None, "1", "final")).final
    assert chat.streams["1"].state == "final"


@pytest.mark.parametrize(
    ("activity", "status", "message"),
    [
        (chunk("", 1), 400, "should include text"),
        (chunk("a", 2), 400, "streamSequence 1"),
        (chunk("a", None, kind="final"), 400, "type typing"),
        (chunk("a" * 1001, 1, kind="informative"), 400, "1000 characters"),
        (chunk("a", 1, attachments=[{}]), 400, "final of a stream only"),
        (chunk("a", 1, kind="poem"), 400, "streamType"),
        (chunk("a", 2, "unknown"), 400, "streamId is unknown"),
        (chunk("a" * 60_000, 1), 403, "Message size too large"),
        ({"type": "typing", "text": "a"}, 403, "not allowed"),
    ],
)
def test_a_wrong_beginning_is_refused(activity: dict[str, Any], status: int, message: str) -> None:
    got, text = Chat().refused(activity)
    assert got == status
    assert message in text


def test_what_happens_after_the_beginning_is_refused_with_the_documented_message() -> None:
    chat = Chat()
    chat.send(chunk("You have", 1))
    assert chat.refused(chunk("You have more", 2, "1"), after=0.1) == (429, "API calls quota exceeded")
    assert chat.refused(chunk("another", 1)) == (403, "Content stream is not allowed")
    assert not chat.send(chunk("You have", 1, "1")).shown
    assert chat.refused(chunk("I see", 2, "1"))[1] == (
        "Request streamed content should contain the previously streamed content"
    )
    assert chat.refused(chunk("You have", 5, "1", "final"))[0] == 400
    late = chat.refused(chunk("You have time", 6, "1"), after=streaming.MAX_SECONDS)
    assert late == (403, "Content stream finished due to exceeded streaming time.")
    assert chat.send(chunk("a new one", 1)).status == 201


def test_stopped_and_finished_streams_take_no_more() -> None:
    chat = Chat()
    chat.send(chunk("a", 1))
    streaming.stop(chat.streams["1"])
    assert chat.refused(chunk("ab", 2, "1")) == (403, "Content stream was canceled by user")
    chat.send(chunk("b", 1))
    chat.send(chunk("bc", None, "2", "final"))
    assert "already completed" in chat.refused(chunk("bcd", 3, "2"))[1]


REQUESTS = st.tuples(
    st.sampled_from(["informative", "streaming", "final"]),
    st.one_of(st.none(), st.integers(0, 6)),
    st.one_of(st.none(), st.sampled_from(["1", "2", "3"])),
    st.sampled_from(["", "a", "ab", "abc", "x"]),
    st.sampled_from([0.2, 1.0, 5.0, 130.0]),
    st.booleans(),
)


@given(st.lists(REQUESTS, max_size=25))
def test_no_sequence_of_requests_breaks_the_promises(requests: list[Any]) -> None:
    chat = Chat()
    ended: set[str] = set()
    shown: dict[str, str] = {}
    last = float("-inf")
    for kind, sequence, id, text, pause, pressed in requests:
        if pressed and id in chat.streams:
            streaming.stop(chat.streams[id])
        opened = {i for i, s in chat.streams.items() if streaming.is_open(s, chat.now + pause)}
        try:
            step = chat.send(chunk(text, sequence, id, kind), pause)
        except ConnectorError:
            continue
        assert chat.now - last >= streaming.MIN_GAP
        last = chat.now
        stream = step.stream
        assert stream.id not in ended
        assert chat.now - stream.started <= streaming.MAX_SECONDS
        assert (step.status == 201) == (id is None)
        if id is None:
            assert not opened
        assert stream.text.startswith(shown.get(stream.id, ""))
        shown[stream.id] = stream.text
        if step.final:
            ended.add(stream.id)


async def test_a_stream_on_the_wire_is_what_the_person_sees(tenant: World) -> None:
    chat = personal_chat(tenant, tenant.company.people[0])
    async with bot(with_places(tenant)) as caller:
        status, body, _ = await caller.send(chat, chunk("Looking", 1, kind="informative"))
        assert status == 201
        tenant.clock.advance(1)
        assert (await caller.send(chat, chunk("Three", 2, body["id"])))[:2] == (202, {})
        found = conversation(tenant, chat)
        assert found is not None
        (message,) = found.messages
        assert message.streaming
        tenant.clock.advance(1)
        assert (await caller.send(chat, chunk("Three items.", None, body["id"], "final")))[:2] == (202, {})
        assert (message.id, message.text, message.streaming) == (body["id"], "Three items.", False)
        status, error, _ = await caller.send(GROUP_CHAT, chunk("a", 1))
        assert (status, error["error"]["code"]) == (403, "ContentStreamNotAllowed")


async def test_an_expired_or_stopped_stream_is_completed_by_an_update(tenant: World) -> None:
    chat = personal_chat(tenant, tenant.company.people[0])
    async with bot(tenant) as caller:
        _, body, _ = await caller.send(chat, chunk("Thr", 1))
        tenant.clock.advance(121)
        assert (await caller.send(chat, chunk("Three", 2, body["id"])))[0] == 403
        assert (await caller.put(chat, body["id"], chunk("x", None, body["id"], "final")))[0] == 400
        assert (await caller.put(chat, body["id"], {"type": "message", "text": "Three."}))[0] == 200
        found = conversation(tenant, chat)
        assert found is not None
        assert (found.messages[0].text, found.messages[0].streaming) == ("Three.", False)
        await caller.send(chat, chunk("Again", 1))
        assert stop_stream(tenant, chat)
        assert not stop_stream(tenant, chat)
