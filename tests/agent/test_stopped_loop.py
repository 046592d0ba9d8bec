"""A person who stops the model keeps what was said, pays for what was used, and the vendor is hung up on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.agent import loop
from bot.agent.loop import Cause, Limits, Outcome, Stopped
from bot.context import StopRequested
from bot.stopping import Stopping
from providers.base import Evidence, Message, Request, Response, Text
from tests.agent.fakes import FixedToolbox, calls

ASK = Message("user", (Text("Where is the pump? " * 20), Evidence("S1", "Pumps", "In the hall. " * 40)))
WORDS = "one two three four five six seven eight "


@dataclass
class Slow:
    """Says a few words, and then thinks for ever; the first reply calls a tool."""

    rounds: int = 0
    hung_up: bool = False
    door: str = "slow"
    model: str = "slow-1"
    images: bool = True

    async def stream(self, request: Request) -> AsyncIterator[str | Response]:
        self.rounds += 1
        if self.rounds == 1:
            yield calls("no_such_tool")
            return
        try:
            yield WORDS
            await asyncio.Event().wait()
        finally:
            self.hung_up = True

    async def aclose(self) -> None:
        pass


async def run(provider: Slow, stopping: Stopping | None, *, refuses: bool = False, seconds: float = 60.0) -> Outcome:
    async def on_text(text: str) -> None:
        if refuses:
            raise StopRequested

    async def on_round() -> None:
        pass

    return await loop.run(
        provider, Request("system", (ASK,)), {}, FixedToolbox(),
        on_text=on_text, on_round=on_round, limits=Limits(seconds=seconds, writing=0.05), stopping=stopping,
    )  # fmt: skip


def check(outcome: Outcome, provider: Slow, cause: Cause) -> None:
    assert isinstance(outcome, Stopped)
    assert (outcome.cause, outcome.text, provider.hung_up) == (cause, WORDS, True)
    assert outcome.usage.input > 10 + 200, "the first round as the vendor said, the second one estimated"
    assert outcome.usage.output == 2 + len(WORDS) // 4


async def test_from_outside_while_the_model_is_silent() -> None:
    provider, stopping = Slow(), Stopping()
    task = asyncio.create_task(run(provider, stopping))
    for _ in range(20):
        await asyncio.sleep(0)
    stopping.request()
    outcome = await task
    check(outcome, provider, Cause.STOPPED)
    assert isinstance(outcome, Stopped)
    assert outcome.model == "scripted-1-2026"


async def test_by_whoever_shows_the_text() -> None:
    provider = Slow()
    check(await run(provider, None, refuses=True), provider, Cause.STOPPED)


async def test_a_deadline_costs_what_was_used_too() -> None:
    provider = Slow()
    check(await run(provider, None, seconds=0.02), provider, Cause.DEADLINE)
