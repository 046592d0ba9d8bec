"""An answer while it is written: what goes over the wire, under which receipt, and what happens when Teams says no."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web

from bot.context import Outgoing, Place, StopRequested, Stream, Superseded
from bot.outbound import Outbound, tls_context
from bot.teams.connector import Connector
from bot.teams.conversation import Office, Roster, TeamsConversation
from bot.teams.displays import Timing
from bot.teams.errors import Ambiguous
from infra.local import tokens
from infra.local.connector_state import conversation, personal_chat
from infra.local.world import World
from tests.teams.wires import Clock, ConnectorWire, Posted, connecting, reference

FAST = Timing(
    status_delay=0.0,
    text_delay=0.0,
    stream_interval=0.0,
    stream_gap=0.0,
    edit_interval=0.0,
    close_after=60.0,
    edit_gap=0.0,
)
PATIENT = Timing(status_delay=30.0, text_delay=30.0)


@dataclass
class Receipt:
    reply_id: str = ""
    more: tuple[str, ...] = ()
    log: list[str] = field(default_factory=list[str])
    superseded: bool = False

    async def placed(self, reply_id: str) -> None:
        self.log.append(f"placed {reply_id}")
        if self.superseded:
            raise Superseded

    async def sending(self) -> None:
        self.log.append("sending")


@dataclass
class Talk:
    wire: ConnectorWire
    conversation: TeamsConversation
    receipt: Receipt

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.wire.record) < count:  # noqa: ASYNC110 -- the wire has no event
                await asyncio.sleep(0.001)

    def streamed(self) -> list[tuple[str, str, int | None]]:
        """(streamType, text, sequence) of the streaming requests."""
        return [
            (entity["streamType"], posted.body["text"], entity.get("streamSequence"))
            for posted in self.wire.record
            for entity in posted.body.get("entities", [])
            if entity["type"] == "streaminfo"
        ]


@asynccontextmanager
async def talking(
    place: Place = Place.PERSONAL,
    *,
    timing: Timing = FAST,
    script: Callable[[Posted], web.Response | None] = lambda _: None,
    receipt: Receipt | None = None,
) -> AsyncGenerator[Talk]:
    wire, receipt = ConnectorWire(script), receipt or Receipt()
    async with connecting(wire) as (connector, url, _):
        office = Office(connector, Roster(connector, now=Clock(0.0)), timing)
        talk = TeamsConversation(reference(url, place), office, receipt)
        yield Talk(wire, talk, receipt)
        if not receipt.superseded:
            await talk.aclose()


def refusing(message: str, *, at: int, status: int = 403) -> Callable[[Posted], web.Response | None]:
    seen = [0]

    def script(_: Posted) -> web.Response | None:
        seen[0] += 1
        body = {"error": {"code": "ContentStreamNotAllowed", "message": message}}
        return web.json_response(body, status=status) if seen[0] == at else None

    return script


@pytest.mark.parametrize("place", Place)
async def test_an_answer_that_is_ready_at_once_is_one_post(place: Place) -> None:
    async with talking(place, timing=PATIENT) as talk:
        stream = talk.conversation.stream()
        await stream.status("Searching…")
        await stream.text("Hello ")
        await stream.finish(Outgoing("Hello."))
    (posted,) = talk.wire.record
    assert (posted.method, posted.body["text"]) == ("POST", "Hello.")
    assert talk.receipt.log == ["sending"]


@pytest.mark.parametrize("place", list(Place))
async def test_a_text_that_is_whole_waits_for_its_end(place: Place) -> None:
    """The store is written to in between, and a glimpse of the text would make the whole of it a second late."""
    async with talking(place, timing=replace(FAST, text_delay=0.02, dots_delay=0.02)) as talk:
        stream = talk.conversation.stream()
        await stream.text("Forty-two, as you asked. ")
        await stream.written()
        await asyncio.sleep(0.1)
        assert talk.wire.record == []
        await stream.finish(Outgoing("Forty-two, as you asked."))
    assert [posted.method for posted in talk.wire.record] == ["POST"]
    assert talk.receipt.log == ["sending"]


async def test_a_whole_text_whose_end_is_long_in_coming_is_shown_after_all() -> None:
    async with talking(timing=replace(FAST, typing_delay=0.05)) as talk:
        stream = talk.conversation.stream()
        await stream.text("Forty-two, as you asked. ")
        await stream.written()
        await talk.until(1)
        await stream.finish(Outgoing("Forty-two, as you asked."))
    assert talk.streamed()[0][:2] == ("streaming", "Forty-two, as you asked.")


async def test_a_personal_chat_streams() -> None:
    async with talking() as talk:
        stream = talk.conversation.stream()
        await stream.status("Searching…")
        await talk.until(1)
        await stream.text("The budget ")
        await talk.until(2)
        await stream.text("is 4.2 million ![x](http://evil.example/?q) ")
        await talk.until(3)
        await stream.finish(Outgoing("The budget is 4.2 million.", model="m", ai=True))
    assert talk.streamed() == [
        ("informative", "Searching…", 1),
        ("streaming", "The budget", 2),
        ("streaming", "The budget is 4.2 million [x]", 3),
        ("final", "The budget is 4.2 million.\n\n*Answered by m*", None),
    ]
    assert talk.receipt.log == ["placed m1"]
    assert [e["type"] for e in talk.wire.record[-1].body["entities"]] == ["streaminfo", "https://schema.org/Message"]
    assert {e.get("streamId", "m1") for p in talk.wire.record for e in p.body["entities"][:1]} == {"m1"}


@pytest.mark.parametrize("place", [Place.GROUP, Place.CHANNEL])
async def test_shared_places_see_typing_and_one_edited_message(place: Place) -> None:
    async with talking(place) as talk:
        stream = talk.conversation.stream()
        await stream.status("Searching…")
        await talk.until(2)
        await stream.text("The budget ")
        await talk.until(3)
        await stream.finish(Outgoing("The budget is 4.2 million.", ai=True))
    shown = [(p.method, p.body["type"], p.body.get("text")) for p in talk.wire.record]
    assert shown == [
        ("POST", "typing", None),
        ("POST", "message", "Searching…"),
        ("PUT", "message", "The budget …"),
        ("PUT", "message", "The budget is 4.2 million."),
    ]
    assert talk.receipt.log == ["placed m2"]
    assert all(p.path.endswith("/m2") for p in talk.wire.record[2:])


@pytest.mark.parametrize("place", Place)
async def test_a_resumed_turn_puts_its_answer_on_the_stored_message(place: Place) -> None:
    async with talking(place, receipt=Receipt("m9")) as talk:
        stream = talk.conversation.stream()
        await stream.text("Once more ")
        await talk.until(1)
        await stream.finish(Outgoing("Once more."))
    assert {(p.method, p.path[-3:]) for p in talk.wire.record} == {("PUT", "/m9")}
    assert talk.receipt.log == []


OFF = "Content stream is not allowed"


async def test_streaming_that_is_off_goes_on_in_one_edited_message() -> None:
    async with talking(script=refusing(OFF, at=1)) as talk:
        stream = talk.conversation.stream()
        await stream.text("Hello ")
        await talk.until(2)
        await stream.finish(Outgoing("Hello there."))
    refused, placed, final = talk.wire.record
    assert refused.body["entities"]
    assert (placed.method, placed.body["text"], "entities" in placed.body) == ("POST", "Hello …", False)
    assert (final.method, final.path[-3:], final.body["text"]) == ("PUT", "/m2", "Hello there.")
    assert talk.receipt.log == ["placed m2"]


@pytest.mark.parametrize(
    "message",
    [
        "Content stream finished due to exceeded streaming time.",
        "Content stream is not allowed on an already completed streamed message",
        "Message size too large",
    ],
)
async def test_a_stream_that_breaks_off_is_completed_by_put(message: str) -> None:
    for at in (2, 3):
        async with talking(script=refusing(message, at=at)) as talk:
            stream = talk.conversation.stream()
            await stream.text("Hello ")
            await talk.until(1)
            await stream.text("there ")
            await talk.until(2)
            await stream.finish(Outgoing("Hello there."))
        last = talk.wire.record[-1]
        assert (last.method, last.path[-3:], last.body["text"]) == ("PUT", "/m1", "Hello there.")
        assert "entities" not in last.body


async def test_a_final_text_that_was_changed_ends_the_stream_first() -> None:
    message = "Request streamed content should contain the previously streamed content"
    async with talking(script=refusing(message, at=2)) as talk:
        stream = talk.conversation.stream()
        await stream.text("Hello ")
        await talk.until(1)
        await stream.finish(Outgoing("Good day."))
    assert [(p.method, p.body["text"]) for p in talk.wire.record] == [
        ("POST", "Hello"),
        ("POST", "Good day."),
        ("POST", "Hello"),
        ("PUT", "Good day."),
    ]


async def endless(stream: Stream) -> None:
    for _ in range(1000):
        await stream.text("more ")
        await asyncio.sleep(0.001)


async def test_stop_ends_the_work_and_nothing_more_is_sent() -> None:
    async with talking(script=refusing("Content stream was canceled by user", at=2)) as talk:
        stream = talk.conversation.stream()
        await stream.text("Hello ")
        await talk.until(1)
        with pytest.raises(StopRequested):
            await endless(stream)
        await stream.finish(Outgoing("Hello more."))
    assert len(talk.wire.record) == 2


async def test_the_stream_is_closed_before_teams_does_it() -> None:
    timing = Timing(0.0, 0.0, 0.0, 0.0, 0.0, close_after=0.05, edit_gap=0.0)
    async with talking(timing=timing) as talk:
        stream = talk.conversation.stream()
        await stream.text("Hello ")
        await talk.until(2)
        await stream.text("there ")
        await talk.until(3)
        await stream.finish(Outgoing("Hello there."))
    assert talk.streamed() == [("streaming", "Hello", 1), ("final", "Hello", None)]
    assert [(p.method, p.body["text"]) for p in talk.wire.record[2:]] == [
        ("PUT", "Hello there …"),
        ("PUT", "Hello there."),
    ]


async def test_an_uncertain_post_is_never_followed_by_another() -> None:
    async with talking(timing=PATIENT, script=lambda _: web.Response(status=502)) as talk:
        for text in ("Hello.", "Something went wrong."):
            with pytest.raises(Ambiguous):
                await talk.conversation.stream().finish(Outgoing(text))
    assert len(talk.wire.record) == 1


async def test_an_uncertain_final_is_completed_by_put() -> None:
    def script(posted: Posted) -> web.Response | None:
        return web.Response(status=502) if posted.method == "POST" and posted.body["type"] == "message" else None

    async with talking(script=script) as talk:
        stream = talk.conversation.stream()
        await stream.text("Hello ")
        await talk.until(1)
        await stream.finish(Outgoing("Hello."))
    assert [p.method for p in talk.wire.record] == ["POST", "POST", "PUT"]


@pytest.mark.parametrize("place", Place)
async def test_a_turn_another_process_took_over_sends_nothing_more(place: Place) -> None:
    async with talking(place, receipt=Receipt(superseded=True)) as talk:
        stream = talk.conversation.stream()
        await stream.text("Hello ")
        await talk.until(1)
        with pytest.raises(Superseded):
            await stream.finish(Outgoing("Hello."))
    assert len(talk.wire.record) == 1


async def test_a_failure_s_sentence_takes_the_place_of_what_was_shown() -> None:
    async with talking(Place.GROUP) as talk:
        await talk.conversation.stream().text("Half an ")
        await talk.until(1)
        await talk.conversation.stream().finish(Outgoing("Something went wrong."))
    assert [p.method for p in talk.wire.record] == ["POST", "PUT"]


LONG = "\n\n".join(f"{number} " + "word " * 500 for number in range(40))


def standing(record: list[Posted]) -> dict[str, str]:
    """What stands in the conversation in the end: text by message id."""
    messages: dict[str, str] = {}
    for number, posted in enumerate(record, 1):
        id = posted.path.rpartition("/")[2]
        if posted.method == "POST" and posted.body["type"] == "message":
            messages[f"m{number}"] = posted.body["text"]
        elif posted.method == "PUT":
            messages[id] = posted.body["text"]
        elif posted.method == "DELETE":
            del messages[id]
    return messages


@pytest.mark.parametrize("place", Place)
async def test_a_long_answer_goes_out_whole_and_every_part_is_placed_before_it_is_written(place: Place) -> None:
    async with talking(place, timing=PATIENT) as talk:
        await talk.conversation.send(Outgoing(LONG))
    shown = standing(talk.wire.record)
    assert len(shown) > 1
    assert " ".join(shown.values()).split() == LONG.split()
    assert talk.receipt.log == [f"placed {id}" for id in shown], "and nothing was announced that could not be repeated"
    assert [p.method for p in talk.wire.record] == ["POST", "PUT"] * len(shown)


async def test_a_part_whose_placing_is_uncertain_is_placed_again() -> None:
    seen = [0]

    def script(posted: Posted) -> web.Response | None:
        seen[0] += posted.method == "POST"
        return web.Response(status=599) if posted.method == "POST" and seen[0] == 2 else None

    async with talking(timing=PATIENT, script=script) as talk:
        await talk.conversation.send(Outgoing(LONG))
    texts = [text for text in standing(talk.wire.record).values() if text != "…"]
    assert " ".join(texts).split() == LONG.split()


async def test_a_resumed_long_answer_fills_its_own_messages_and_removes_what_it_does_not_need() -> None:
    async with talking(
        timing=PATIENT, receipt=Receipt("m91", ("m92", "m93", "m94", "m95", "m96", "m97", "m98"))
    ) as talk:
        await talk.conversation.send(Outgoing(LONG))
    parts = [p.path.rpartition("/")[2] for p in talk.wire.record if p.method == "PUT"]
    gone = [p.path.rpartition("/")[2] for p in talk.wire.record if p.method == "DELETE"]
    assert parts + gone == [f"m9{number}" for number in range(1, 9)]
    assert gone
    assert not [p for p in talk.wire.record if p.method == "POST"]


@pytest.mark.parametrize(
    ("members", "ids"),
    [
        ([{"id": "29:1", "objectId": "a"}, {"id": "29:2", "aadObjectId": "b"}], frozenset({"a", "b"})),
        ([{"id": "29:1", "objectId": "a"}, {"id": "29:2"}], None),
        ([{"id": "29:1", "objectId": 5}], None),
        ([], None),
    ],
)
async def test_members(members: list[dict[str, Any]], ids: frozenset[str] | None) -> None:
    async with talking(Place.CHANNEL) as talk:
        talk.wire.members = members
        assert await talk.conversation.members() == ids
        await talk.conversation.members()
    assert {p.path for p in talk.wire.record} == {"/v3/conversations/19:c@thread.tacv2/pagedmembers"}
    assert len(talk.wire.record) == (1 if ids else 2)


async def test_a_personal_chat_has_one_reader() -> None:
    async with talking() as talk:
        assert await talk.conversation.members() == frozenset({"0aaa"})
    assert not talk.wire.record


async def test_streaming_keeps_the_rules_of_the_local_tenant(tenant: World) -> None:
    class Minted:
        async def connector_token(self) -> str:
            return tokens.mint_app(tenant, "https://api.botframework.com")

        def reject(self, token: str) -> None:
            raise AssertionError("The local tenant refused its own token.")

    person = tenant.company.people[0]
    outbound = Outbound(tls_context())
    loop = asyncio.get_running_loop()
    hosts = frozenset({tenant.urls.http.removeprefix("http://")})
    connector = Connector(outbound, Minted(), hosts, now=loop.time)
    office = Office(connector, Roster(connector, now=loop.time), Timing())
    where = reference(tenant.urls.service_url)
    chat = personal_chat(tenant, person)
    talk = TeamsConversation(type(where)(chat, *_rest(where, tenant)), office, Receipt())
    stream = talk.stream()
    await stream.status("Searching…")
    await tenant.wait_for("connector", "POST *")
    for words in ("The budget ", "of the year ", "is 4.2 million "):
        await stream.text(words)
    await tenant.wait_for("connector", "POST *", count=2)
    await stream.finish(Outgoing("The budget of the year is 4.2 million.", ai=True))
    place = conversation(tenant, chat)
    assert place is not None
    (message,) = [m for m in place.messages if m.author == "bot"]
    assert message.text == "The budget of the year is 4.2 million."
    assert not message.streaming
    assert [r.status for r in tenant.record if r.wire == "connector"] == [201, 202, 202]
    await outbound.aclose()


def _rest(where: Any, tenant: World) -> tuple[Any, ...]:
    return where.place, where.tenant, where.service_url, tenant.bot_channel_id, where.person
