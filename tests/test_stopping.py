"""Work that a person ends: exactly that work, at its next wait, and nothing that is already on its way."""

import asyncio
from dataclasses import replace

import pytest

from bot.context import Incoming, Person, Place, Reference, StopRequested
from bot.interrupts import Interrupts, is_stop
from bot.stopping import Stopping
from tests.teams.wires import Clock

SOFIA, TOMAS = Person("a", "Sofia", "t"), Person("b", "Tomas", "t")


def says(text: str, id: str, person: Person = SOFIA, place: str = "c") -> Incoming:
    return Incoming(id, text, Reference(place, Place.CHANNEL, "t", "https://service.example/", "28:bot", person))


async def forever(stopping: Stopping, log: list[str]) -> None:
    try:
        async with stopping.scope():
            await asyncio.Event().wait()
    except StopRequested:
        log.append("stopped")
        await asyncio.sleep(0)
        log.append("went on")


async def test_a_request_ends_the_innermost_scope_and_the_task_goes_on() -> None:
    stopping, log = Stopping(), list[str]()

    async def work() -> None:
        async with stopping.scope():
            await forever(stopping, log)
            log.append("and on")

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    assert stopping.request()
    await task
    assert log == ["stopped", "went on", "and on"]
    assert task.cancelling() == 0


async def test_a_request_before_the_work_ends_it_at_its_door() -> None:
    stopping = Stopping()
    assert stopping.request()
    with pytest.raises(StopRequested):
        async with stopping.scope():
            raise AssertionError("nothing was to be begun")


async def test_the_end_of_the_process_is_not_mistaken_for_a_person() -> None:
    for both in (False, True):
        stopping, log = Stopping(), list[str]()
        task = asyncio.create_task(forever(stopping, log))
        await asyncio.sleep(0)
        if both:
            stopping.request()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert log == []


async def test_what_is_being_sent_is_not_cut_off() -> None:
    stopping = Stopping()

    async def send() -> str:
        async with stopping.scope():
            stopping.too_late()
            await asyncio.sleep(0.01)
            return "sent"

    task = asyncio.create_task(send())
    await asyncio.sleep(0)
    assert not stopping.request()
    assert await task == "sent"


@pytest.mark.parametrize("text", ["stop", "Stop!", "/stop", " STOPP. ", "halt"])
def test_words_that_stop(text: str) -> None:
    assert is_stop(text)


@pytest.mark.parametrize("text", ["", "stop it now please", "How do I stop the pump?", "non-stop", "stop" * 100])
def test_words_that_do_not(text: str) -> None:
    assert not is_stop(text)


@pytest.mark.parametrize(
    ("stop", "ends"),
    [
        (says("stop", "2000"), True),
        (says("stop", "2000", TOMAS), False),
        (says("stop", "2000", place="elsewhere"), False),
        (says("stop", "500"), False),
        (says("go on", "2000"), False),
    ],
    ids=["mine", "somebody else's", "elsewhere", "older than the question", "another word"],
)
def test_a_stop_ends_the_turn_it_is_meant_for(stop: Incoming, ends: bool) -> None:
    interrupts = Interrupts(now=Clock(0.0))
    with interrupts.running(says("a question", "1000")) as stopping:
        interrupts.heard(stop)
        assert stopping.requested is ends
        assert interrupts.ended(stop) is ends


def test_questions_that_waited_before_the_stop_are_stopped_too_and_later_ones_are_not() -> None:
    clock = Clock(0.0)
    interrupts, stop = Interrupts(now=clock), says("stop", "2000")
    interrupts.heard(stop)
    for id, ends in (("1500", True), ("2000", False), ("2500", False)):
        with interrupts.running(says("a question", id)) as stopping:
            assert stopping.requested is ends
    with interrupts.running(says("a question", "2600")) as stopping:
        interrupts.heard(stop)  # delivered once more
        assert not stopping.requested
    clock.at += 1000
    with interrupts.running(says("a question", "1700")) as stopping:
        assert not stopping.requested


def test_a_person_without_an_id_stops_nothing() -> None:
    nobody = replace(SOFIA, id="")
    interrupts = Interrupts(now=Clock(0.0))
    with interrupts.running(says("a question", "1", nobody)) as stopping:
        interrupts.heard(says("stop", "2", nobody))
        assert not stopping.requested
