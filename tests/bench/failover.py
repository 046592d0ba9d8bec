"""What a failing model costs the person who waits: the answer of another one, beside the same answer when nothing fails.

Each row has a bot of its own, since five failures within half a minute open the circuit; the last row is what that is worth.
"""

import asyncio
import statistics
from dataclasses import dataclass, field

from infra.local.vendors.script import Reply
from infra.local.world import Fault
from tests.bench.running import Running, bot, quiet_world

MODELS = "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6"
QUESTION = "What did Tomas decide about the Heron budget in November?"
FIRST, PEOPLE = "tomas", ("sofia", "hiro", "elena", "dana")
"""Each asks once: Teams takes so many messages a conversation."""
WORDS = "Tomas approved 485,000 EUR for the prototypes, and the casting tool is part of it. " * 4


@dataclass(frozen=True, slots=True)
class Failing:
    """What Claude does before GPT answers; nothing: Claude answers."""

    reply: Reply | None = None
    fault: Fault | None = None
    before: int = 0
    """Questions that fail before those that are measured."""


@dataclass(slots=True)
class Waited:
    """Seconds."""

    handed: list[float] = field(default_factory=list[float])
    """From the failed request to the other model's, the failure's own time included."""
    answer: list[float] = field(default_factory=list[float])
    """From the question to the whole answer in Teams."""


OVERLOADED = Reply(error=529, wire="claude")
CASES = {
    "nothing fails": Failing(),
    "overloaded (529)": Failing(OVERLOADED),
    "asks for a pause (429)": Failing(Reply(error=429, retry_after=30, wire="claude")),
    "connection reset": Failing(fault=Fault("claude", kind="reset")),
    "cut before its words": Failing(Reply(text=WORDS, cut=2, wire="claude")),
    "cut after 2 s of words": Failing(Reply(text=WORDS, cut=23, delay=0.1, wire="claude")),
    "left alone (circuit open)": Failing(OVERLOADED, before=5),
}


async def measure(case: Failing) -> Waited:
    waited = Waited()
    async with bot(quiet_world(), MODELS=MODELS, BENCH_TIMING="at once") as running:
        for person in (FIRST, *PEOPLE):
            await running.sign_in(person)
        running.world.state["script"] = [Reply(WORDS)]
        await _asked(running, FIRST)  # what is loaded for the first question is not what later ones wait for
        for _ in range(case.before):
            running.world.state["script"] = [case.reply, Reply(WORDS, wire="openai")]
            await _asked(running, FIRST)
        for person in PEOPLE:
            failing = [case.reply] if case.reply and not case.before else []
            running.world.state["script"] = [*failing, Reply(WORDS), Reply(WORDS)]
            running.world.faults[:] = [Fault(case.fault.wire, kind=case.fault.kind)] if case.fault else []
            running.world.record.clear()
            waited.answer.append(await _asked(running, person))
            asked = [entry for entry in running.world.record if entry.wire in {"claude", "openai"}]
            if len(asked) > 1:
                waited.handed.append((asked[-1].at - asked[0].at).total_seconds())
    return waited


async def _asked(running: Running, person: str) -> float:
    began = running.world.clock.now()
    said = await running.teams.say(person, QUESTION)
    await running.teams.answer_to(said, timeout=90, until=lambda message: message.ai_label)
    return (running.world.clock.now() - began).total_seconds()


async def main() -> None:
    print("\nFailover: Claude fails and GPT answers; every delta is shown at once; medians")
    print(f"{'':28}{'other asked after':>18}{'whole answer':>14}{'more':>8}")
    usual: float | None = None
    for name, case in CASES.items():
        waited = await measure(case)
        answer = statistics.median(waited.answer)
        usual = answer if usual is None else usual
        handed = f"{1000 * statistics.median(waited.handed):.0f} ms" if waited.handed else "-"
        print(f"{name:28}{handed:>18}{answer:13.2f}s{answer - usual:7.2f}s")


if __name__ == "__main__":
    asyncio.run(main())
