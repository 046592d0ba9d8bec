"""A failing vendor is left alone, noticed when it is back, and never asked more often for failing; counted at the wire too."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.context import Person, Place
from bot.routing.breaker import (
    A_TRY,
    FAILURES,
    FIRST_TRIES,
    LONGEST_REST,
    OPEN,
    WINDOW,
    Circuit,
    CircuitOpen,
    Circuits,
    State,
)
from bot.routing.caller import Caller
from infra.local.tenant import environment
from infra.local.vendors.script import Reply
from infra.local.world import World
from providers.base import DoorSettings, Message, Provider, Request, Response, StopReason, Text
from providers.discover import open_models
from providers.errors import (
    AccessRefused,
    BadRequest,
    ContextTooLong,
    Incomplete,
    NetworkFailed,
    OutOfQuota,
    Overloaded,
    ProviderError,
    RateLimited,
    TimedOut,
)

REQUEST = Request("system", (Message("user", (Text("Question: where?"),)),))
CALLER = Caller(Person("ida", "Ida", "t"), Place.PERSONAL, "chat", "1", "answer", "claude")
ASIDE = changed(CALLER, others=True)
ANSWER = Response(Message("assistant", (Text("Here."),)), StopReason.FINISHED, "m-1")
DOWN = Overloaded("down")
FAILING: list[ProviderError] = [
    DOWN,
    RateLimited("x"),
    TimedOut("x"),
    NetworkFailed("x"),
    Incomplete("x"),
    OutOfQuota("x"),
]
OURS: list[ProviderError] = [AccessRefused("x"), BadRequest("x"), ContextTooLong("x")]


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Vendor:
    """Does what `does` says, call by call, and then answers; an exception after words breaks off in the middle."""

    does: list[Sequence[str | Exception]] = field(default_factory=list[Sequence[str | Exception]])
    door: str = "anthropic"
    model: str = "m"
    images: bool = True
    asked: int = 0
    closed: int = 0
    hangs: bool = False

    async def stream(self, request: Request) -> AsyncGenerator[str | Response]:
        del request
        self.asked += 1
        try:
            if self.hangs:
                await asyncio.Event().wait()
            for piece in self.does.pop(0) if self.does else ():
                if isinstance(piece, Exception):
                    raise piece
                yield piece
            yield "Here."
            yield ANSWER
        finally:
            self.closed += 1

    async def aclose(self) -> None:
        pass


def failing(*errors: Exception, times: int = 1) -> list[Sequence[str | Exception]]:
    return [[error] for _ in range(times) for error in errors]


def circuits(clock: Callable[[], float], **more: float) -> Circuits:
    return Circuits(clock, pause=0.0, **more)


async def outcome(provider: Provider) -> str:
    """What was said, or the name of what was raised."""
    said = ""
    try:
        async for piece in provider.stream(REQUEST):
            said += piece if isinstance(piece, str) else "."
    except ProviderError as error:
        return type(error).__name__
    return said


async def test_five_failures_open_it_and_one_call_tries_again() -> None:
    clock, vendor = Clock(), Vendor(failing(DOWN, times=FAILURES + 1))
    step = circuits(clock)(vendor, ASIDE)
    assert [await outcome(step) for _ in range(FAILURES)] == ["Overloaded"] * FAILURES
    assert [await outcome(step) for _ in range(3)] == ["CircuitOpen"] * 3
    assert vendor.asked == FAILURES, "not one byte leaves while it is open"
    clock.now += OPEN
    assert await outcome(step) == "Overloaded", "the one that tries finds it still failing"
    assert await outcome(step) == "CircuitOpen"
    clock.now += OPEN
    assert await outcome(step) == "Here.."
    assert await outcome(step) == "Here.."
    assert vendor.asked == FAILURES + 3
    assert vendor.closed == vendor.asked
    assert OPEN <= 60 >= LONGEST_REST, "recovery is noticed within a minute"


async def test_only_one_call_tries() -> None:
    clock, vendor = Clock(), Vendor(failing(DOWN, times=FAILURES))
    all_of = circuits(clock)
    step = all_of(vendor, ASIDE)
    for _ in range(FAILURES):
        await outcome(step)
    clock.now += OPEN
    pieces = step.stream(REQUEST)
    vendor.hangs = True
    first = asyncio.ensure_future(anext(aiter(pieces)))
    while vendor.asked == FAILURES:  # noqa: ASYNC110 -- one step of the event loop
        await asyncio.sleep(0)
    assert all_of.of(vendor).state is State.PROBING
    assert await outcome(step) == "CircuitOpen"
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    vendor.hangs = False
    assert await outcome(step) == "Here..", "one that was stopped leaves its place to the next"
    assert all_of.of(vendor).state is State.CLOSED


@pytest.mark.parametrize("error", FAILING, ids=lambda error: type(error).__name__)
async def test_what_speaks_against_the_vendor_counts(error: ProviderError) -> None:
    all_of, vendor = circuits(Clock()), Vendor(failing(error, times=FAILURES))
    for _ in range(FAILURES):
        await outcome(all_of(vendor, ASIDE))
    assert all_of.of(vendor).state is not State.CLOSED


@pytest.mark.parametrize("error", OURS, ids=lambda error: type(error).__name__)
async def test_what_speaks_against_us_does_not(error: ProviderError) -> None:
    all_of, vendor = circuits(Clock()), Vendor(failing(error, times=3 * FAILURES))
    for _ in range(3 * FAILURES):
        assert await outcome(all_of(vendor, CALLER)) == type(error).__name__
    assert all_of.of(vendor).state is State.CLOSED
    assert vendor.asked == 3 * FAILURES, "and is not tried twice"


async def test_failures_long_ago_or_far_between_do_not() -> None:
    clock = Clock()
    circuit = Circuit(clock)
    for _ in range(3 * FAILURES):
        circuit.failed(DOWN, probe=False)
        clock.now += WINDOW / (FAILURES - 1) + 0.1
    assert circuit.state is State.CLOSED
    circuit = Circuit(clock)
    for _ in range(3 * FAILURES):
        circuit.failed(DOWN, probe=False)
        circuit.worked(probe=False)
        circuit.worked(probe=False)
    assert circuit.state is State.CLOSED, "a third of all calls"


async def test_a_busy_model_that_dies_is_noticed_at_once() -> None:
    circuit = Circuit(Clock())
    for _ in range(300):
        circuit.worked(probe=False)
    for _ in range(FAILURES):
        circuit.failed(DOWN, probe=False)
    assert circuit.state is State.OPEN
    circuit.worked(probe=False)
    assert circuit.state is State.OPEN, "what began before says nothing of now"


async def test_breaking_off_in_the_middle_counts() -> None:
    all_of, vendor = circuits(Clock()), Vendor([["Half", Incomplete("cut")]] * FAILURES)
    for _ in range(FAILURES):
        assert await outcome(all_of(vendor, CALLER)) == "Incomplete"
    assert vendor.asked == FAILURES, "words were shown: it is not tried twice"
    assert all_of.of(vendor).state is State.OPEN


@pytest.mark.parametrize(("asked", "kept"), [(7.0, 7.0), (3600.0, LONGEST_REST)], ids=["kept", "capped"])
async def test_a_pause_that_is_asked_for_is_kept(asked: float, kept: float) -> None:
    clock, vendor = Clock(), Vendor(failing(RateLimited("slow", seconds=asked)))
    all_of = circuits(clock)
    step = all_of(vendor, ASIDE)
    assert [await outcome(step), await outcome(step)] == ["RateLimited", "CircuitOpen"]
    assert all_of.of(vendor).state is State.RESTING
    assert all_of.of(vendor).left == kept
    clock.now += kept - 0.1
    assert await outcome(step) == "CircuitOpen"
    clock.now += 0.2
    assert await outcome(step) == "Here.."


async def test_where_there_is_no_other_model_a_short_pause_is_waited_out() -> None:
    loop = asyncio.get_running_loop()
    vendor = Vendor(failing(RateLimited("slow", seconds=0.05)))
    step = circuits(loop.time)(vendor, CALLER)
    assert [*await asyncio.gather(outcome(step), outcome(step))] == ["Here.."] * 2
    long = Vendor(failing(RateLimited("slow", seconds=30.0)))
    assert await outcome(circuits(loop.time)(long, CALLER)) == "RateLimited"
    assert long.asked == 1


@pytest.mark.parametrize("error", [DOWN, Incomplete("cut")], ids=["overloaded", "incomplete"])
async def test_a_call_is_tried_twice_only_where_no_other_model_stands_by(error: ProviderError) -> None:
    for caller, expected in ((CALLER, "Here.."), (ASIDE, type(error).__name__)):
        assert await outcome(circuits(Clock())(Vendor(failing(error)), caller)) == expected


async def test_a_model_that_does_not_begin_is_not_waited_for_where_another_stands_by() -> None:
    all_of, vendor = circuits(Clock(), first_words=0.02), Vendor(hangs=True)
    for _ in range(FAILURES):
        assert await outcome(all_of(vendor, ASIDE)) == "TimedOut"
    assert all_of.of(vendor).state is State.OPEN
    assert vendor.closed == FAILURES, "whoever gives up hangs up"


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_second_tries_stay_within_their_budget(works: list[bool]) -> None:
    async def attempts() -> int:
        clock = Clock()
        vendor = Vendor([[] if good else [DOWN] for good in works for _ in range(2)])
        step = circuits(clock)(vendor, CALLER)
        for _ in works:
            await outcome(step)
            clock.now += WINDOW  # so that the circuit itself stays closed
        return vendor.asked

    assert asyncio.run(attempts()) <= len(works) * (1 + A_TRY) + FIRST_TRIES


@pytest.mark.parametrize("model", ["claude=anthropic:claude-sonnet-5-5", "gpt=openai:gpt-6-luna"])
async def test_a_storm_makes_at_most_a_fifth_more_requests(tenant: World, model: str) -> None:
    """Counted at the wire: SDK and breaker together; all at once, ten at a time, one after the other."""
    (provider,) = open_models([model], DoorSettings(environment(tenant), retries=0)).values()
    tenant.state["script"] = [Reply(error=429)] * 1000
    try:
        for at_once in (100, 10, 1):
            step = circuits(asyncio.get_running_loop().time)(provider, CALLER)
            tenant.record.clear()
            for _ in range(100 // at_once):
                await asyncio.gather(*(outcome(step) for _ in range(at_once)))
            assert len(tenant.record) <= 120
            assert at_once == 100 or len(tenant.record) <= 2 * (FAILURES + at_once), "an open circuit sends none at all"
    finally:
        await provider.aclose()


def test_it_says_when_it_is_tried_again() -> None:
    circuit = Circuit(Clock())
    for _ in range(FAILURES):
        circuit.failed(DOWN, probe=False)
    with pytest.raises(CircuitOpen) as caught:
        circuit.enter()
    assert caught.value.seconds == OPEN
