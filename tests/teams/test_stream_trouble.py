"""What an answer does when Teams has no patience with it, or when nobody is there any more."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web

from bot.context import Outgoing, Place, Reference, StopRequested
from bot.stopping import Stopping
from bot.teams.conversation import Office, Roster, TeamsConversation
from bot.teams.displays import MAX_STATUS, Timing, brief
from bot.teams.errors import Blocked, ConnectorError, ConversationGone
from bot.teams.refusals import AGAIN_SECONDS, FIRST_SECONDS, PEOPLE, Refusals
from tests.teams.test_stream import FAST, OFF, PATIENT, Receipt, endless, refusing, standing, talking
from tests.teams.wires import Clock, ConnectorWire, Posted, connecting, reference

LIVELY = replace(FAST, typing_interval=0.05)


def answering(
    method: str, status: int, code: str = "", *, times: int = 99, **headers: str
) -> Callable[[Posted], web.Response | None]:
    left = [times]

    def script(posted: Posted) -> web.Response | None:
        if posted.method != method or not left[0]:
            return None
        left[0] -= 1
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response({"error": {"code": code, "message": ""}}, status=status, headers=named)

    return script


@dataclass
class Kept:
    """The preferences store."""

    values: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any])

    async def get(self, owner: str, name: str) -> Any:
        return self.values.get((owner, name))

    async def set(self, owner: str, name: str, value: Any) -> None:
        self.values[owner, name] = value


async def test_a_refused_stream_is_not_tried_in_the_next_answers() -> None:
    wire, clock, kept = ConnectorWire(refusing(OFF, at=1)), Clock(1000.0), Kept()
    async with connecting(wire) as (connector, url, _):
        refusals = Refusals(now=clock, kept=kept)
        office = Office(connector, Roster(connector, now=clock), FAST, refusals)
        for seconds in (0.0, 1.0, FIRST_SECONDS):
            clock.at += seconds
            since = len(wire.record)
            stream = TeamsConversation(reference(url), office, Receipt()).stream()
            await stream.text("Hello ")
            async with asyncio.timeout(10):
                while len(wire.record) < since + 1:  # noqa: ASYNC110 -- the wire has no event
                    await asyncio.sleep(0.001)
            await stream.finish(Outgoing("Hello."))
            first = wire.record[since].body
            assert bool(first.get("entities")) is (seconds != 1.0), "tried, then not, then once more"
    assert standing(wire.record) != {}
    assert kept.values == {}, "one refusal is not worth remembering for long"


async def test_refusals_are_remembered_for_a_day_and_over_a_restart() -> None:
    clock, kept = Clock(1000.0), Kept()
    here = reference("https://smba.trafficmanager.net/emea/")
    refusals = Refusals(now=clock, kept=kept)
    await refusals.happened(here)
    assert await refusals.refused(here)
    clock.at += FIRST_SECONDS + 1
    assert not await refusals.refused(here)
    await refusals.happened(here)
    clock.at += AGAIN_SECONDS - 10
    assert await Refusals(now=clock, kept=kept).refused(here)
    clock.at += 20
    assert not await Refusals(now=clock, kept=kept).refused(here)


async def test_a_tenant_that_refuses_everybody_is_asked_no_more_and_one_success_clears_a_person() -> None:
    refusals = Refusals(now=Clock(1000.0))
    here = reference("https://smba.trafficmanager.net/emea/")
    people = [replace(here, person=replace(here.person, id=str(number))) for number in range(PEOPLE + 1)]
    for person in people[:-1]:
        assert not await refusals.refused(people[-1])
        await refusals.happened(person)
    assert await refusals.refused(people[-1])
    other = Refusals(now=Clock(1000.0))
    await other.happened(here)
    other.worked(here)
    assert not await other.refused(here)


GONE = [
    (403, "ConversationBlockedByUser", Blocked),
    (403, "BotDisabledByAdmin", Blocked),
    (403, "BotNotInConversationRoster", Blocked),
    (403, "ForbiddenOperationException", Blocked),
    (404, "ConversationNotFound", ConversationGone),
]


@pytest.mark.parametrize("place", [Place.PERSONAL, Place.CHANNEL])
@pytest.mark.parametrize(("status", "code", "kind"), GONE)
async def test_nobody_there_ends_the_work_is_told_once_and_gets_no_apology(
    place: Place, status: int, code: str, kind: type[ConnectorError]
) -> None:
    told: list[tuple[Reference, ConnectorError]] = []

    async def on_gone(where: Reference, why: ConnectorError) -> None:
        told.append((where, why))

    wire = ConnectorWire(answering("POST", status, code))
    async with connecting(wire) as (connector, url, _):
        office = Office(connector, Roster(connector, now=Clock(0.0)), FAST, on_gone=on_gone)
        stopping = Stopping()
        talk = TeamsConversation(reference(url, place), office, Receipt(), stopping)
        with pytest.raises(StopRequested):
            await endless(talk.stream())
        assert stopping.requested, "a silent model is ended as well"
        for text in ("Hello.", "Something went wrong."):
            await talk.stream().finish(Outgoing(text))
        assert len(wire.record) == 1
        assert [(where.id, type(why)) for where, why in told] == [(talk.reference.id, kind)]
        with pytest.raises(kind):
            await TeamsConversation(reference(url, place), office).send(Outgoing("Good morning."))


async def test_a_message_somebody_deleted_is_not_brought_back() -> None:
    for receipt in (Receipt("m7"), Receipt("m7", ("m8",))):
        async with talking(
            Place.CHANNEL,
            timing=PATIENT,
            script=answering("PUT", 404, "ActivityNotFoundInConversation"),
            receipt=receipt,
        ) as talk:
            await talk.conversation.send(Outgoing("Hello."))
        assert [p.method for p in talk.wire.record] == ["PUT"]


@pytest.mark.parametrize("status", [429, 412, 503])
async def test_interim_updates_are_dropped_and_the_last_one_is_repeated(status: int) -> None:
    script = answering("PUT", status, times=2, Retry_After="0")
    async with talking(Place.GROUP, script=script) as talk:
        stream = talk.conversation.stream()
        await stream.text("One ")
        await talk.until(1)
        await stream.text("two ")
        await talk.until(2)
        await stream.finish(Outgoing("One two."))
    shown = [(p.method, p.body["text"]) for p in talk.wire.record]
    assert shown[:2] == [("POST", "One …"), ("PUT", "One two …")]
    assert shown[-1] == ("PUT", "One two.")
    assert set(shown[2:-1]) <= {("PUT", "One two."), ("PUT", "One two …")}


async def test_a_throttled_first_step_is_taken_up_later() -> None:
    async with talking(script=answering("POST", 429, times=1, Retry_After="0.01")) as talk:
        stream = talk.conversation.stream()
        await stream.text("Hello ")
        await talk.until(2)
        await stream.finish(Outgoing("Hello."))
    kinds = [(kind, sequence) for kind, _, sequence in talk.streamed()]
    assert kinds == [("streaming", 1), ("streaming", 1), ("final", None)]


@pytest.mark.parametrize("place", Place)
async def test_the_dots_move_until_the_first_words(place: Place) -> None:
    async with talking(place, timing=replace(LIVELY, typing_delay=0.0)) as talk:
        stream = talk.conversation.stream()
        await talk.until(3)
        await stream.finish(Outgoing("Hello."))
    assert [p.body["type"] for p in talk.wire.record[:3]] == ["typing"] * 3
    assert not any("entities" in p.body for p in talk.wire.record[:3])
    assert talk.wire.record[-1].body["text"] == "Hello."


async def test_a_status_is_said_again_while_the_model_thinks_and_so_hears_of_stop() -> None:
    stopping = Stopping()
    wire = ConnectorWire(refusing("Content stream was canceled by user", at=3))
    async with connecting(wire) as (connector, url, _):
        office = Office(connector, Roster(connector, now=Clock(0.0)), LIVELY)
        talk = TeamsConversation(reference(url), office, Receipt(), stopping)

        async def think() -> None:
            async with stopping.scope():
                await talk.stream().status("Searching…")
                await asyncio.sleep(30)

        with pytest.raises(StopRequested):
            await think()
        await talk.stream().finish(Outgoing("Hello."))
    assert [p.body["entities"][0]["streamSequence"] for p in wire.record] == [1, 2, 3]
    assert {p.body["text"] for p in wire.record} == {"Searching…"}


async def test_statuses_come_in_order_and_never_too_long() -> None:
    async with talking() as talk:
        stream = talk.conversation.stream()
        for number, text in enumerate(("Searching…", "Reading 3 mails…", "ü" * 3000), 1):
            await stream.status(text)
            await talk.until(number)
        await stream.finish(Outgoing("Hello."))
    shown = [text for kind, text, _ in talk.streamed() if kind == "informative"]
    assert shown[:2] == ["Searching…", "Reading 3 mails…"]
    assert len(shown[2]) <= MAX_STATUS
    assert len(shown[2].encode()) <= 1024
    assert brief("Searching…") == "Searching…"


async def test_text_that_was_shown_is_never_taken_back() -> None:
    async with talking(timing=replace(FAST, stream_interval=0.0)) as talk:
        stream = talk.conversation.stream()
        await stream.text("| a | b |")
        await talk.until(1)
        for _ in range(20):
            await stream.text("\n|---|---|\n| 1 | 2 |\n")
            await asyncio.sleep(0.002)
        await stream.finish(Outgoing("A table."))
    texts = [text for kind, text, _ in talk.streamed() if kind == "streaming"]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))


async def test_a_short_rhythm_keeps_its_distance_from_the_answer_before() -> None:
    timing = Timing(status_delay=0.0, text_delay=0.0, stream_interval=0.0, stream_gap=0.2)
    wire = ConnectorWire()
    async with connecting(wire) as (connector, url, _):
        office = Office(connector, Roster(connector, now=Clock(0.0)), timing)
        began = asyncio.get_running_loop().time()
        for _ in range(3):
            stream = TeamsConversation(reference(url), office, Receipt()).stream()
            await stream.text("Hello ")
            async with asyncio.timeout(10):
                while not stream.message_id:  # noqa: ASYNC110 -- the wire has no event
                    await asyncio.sleep(0.001)
            await stream.finish(Outgoing("Hello."))
        assert asyncio.get_running_loop().time() - began >= 5 * timing.stream_gap
