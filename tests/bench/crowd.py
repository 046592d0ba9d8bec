"""Twenty people talk at once in twenty conversations with one slow model: who is acknowledged when, and who waits for whom."""

import asyncio
import statistics
import time
from dataclasses import dataclass, replace
from typing import Any

from infra.local.connector_state import Message, connector_state
from infra.local.vendors.script import Reply, View
from infra.local.world import Fault, World
from tests.bench.running import CLAUDE, Running, bot, quiet_world

PEOPLE = 20
SAID = ("hello", "thank you", "good morning")
"""Small talk, so that nothing but the model is waited for; each person says all of them without waiting for an answer."""
FIRST_TOKEN = 3.0
TOKENS = 60
A_SECOND = 30
FOREVER = 10**9
BETWEEN = 0.2
"""Seconds between two messages of one person."""


@dataclass(frozen=True, slots=True)
class Talk:
    """One person's conversation. Seconds."""

    acknowledged: tuple[float, ...]
    """Until 2xx, a message each."""
    finished: float
    """From the first message to the last answer."""
    in_order: bool


async def measure() -> tuple[Talk, list[Talk]]:
    """(one person alone, everybody at once)"""
    world = quiet_world()
    people = _hire(world, PEOPLE + 2)
    async with bot(world, MODELS=CLAUDE) as running:
        world.state["script"] = [_reply] * 1000
        await _talk(running, people[0])  # what is loaded for the first question is not what later ones wait for
        world.faults[:] = [Fault("claude", kind="delay", seconds=FIRST_TOKEN, times=FOREVER)]
        alone = await _talk(running, people[1])
        return alone, await asyncio.gather(*(_talk(running, person) for person in people[2:]))


def _reply(view: View) -> Reply:
    said = next((words for words in SAID if view.question.casefold().endswith(words)), "?")
    return Reply(text=f"{said}! ".ljust(4 * TOKENS, "."), chunk=4, delay=1 / A_SECOND)


def _hire(world: World, count: int) -> list[str]:
    """People with nothing but a personal chat; returns their object ids."""
    someone = world.person("sofia")
    people = [
        replace(someone, id=f"00000000-0000-4000-8000-{number:012d}", teams_id=f"29:newcomer-{number}",
                given_name=f"Newcomer{number}", mail=f"newcomer{number}@tidewell.example")
        for number in range(count)
    ]  # fmt: skip
    world.company.people.extend(people)
    return [person.id for person in people]


async def _talk(running: Running, person: str) -> Talk:
    began, acknowledged, asked = time.perf_counter(), list[float](), list[dict[str, Any]]()
    for said in SAID:
        activity = running.teams.compose(person, said)
        asked.append(activity)
        before = time.perf_counter()
        await running.teams.deliver(activity)
        acknowledged.append(time.perf_counter() - before)
        await asyncio.sleep(BETWEEN)
    place = connector_state(running.world).conversations[asked[0]["conversation"]["id"]]
    async with asyncio.timeout(600), running.world.changed:
        await running.world.changed.wait_for(lambda: len(_answers(place.messages)) >= len(SAID))
    answers = _answers(place.messages)
    in_order = all(text.startswith(said) for text, said in zip(answers, SAID, strict=True))
    return Talk(tuple(acknowledged), time.perf_counter() - began, in_order)


def _answers(messages: list[Message]) -> list[str]:
    return [m.text for m in messages if m.author == "bot" and not m.streaming and "Answered by" in m.text]


def report(alone: Talk, crowd: list[Talk]) -> str:
    acknowledged = sorted(1000 * seconds for talk in crowd for seconds in talk.acknowledged)
    finished = sorted(talk.finished for talk in crowd)
    model = len(SAID) * (FIRST_TOKEN + TOKENS / A_SECOND)
    return "\n".join(
        (
            f"{len(crowd)} people, {len(SAID)} messages each; {FIRST_TOKEN:.0f} s to the first token, {A_SECOND} tokens a second",
            f"acknowledged, p50 / p99                   {statistics.median(acknowledged):7.0f} ms {acknowledged[-1]:7.0f} ms",
            f"one person alone, all answers             {alone.finished:7.1f} s   {alone.finished / model:5.2f} of the model's own time",
            f"in the crowd, median / slowest            {statistics.median(finished):7.1f} s  {finished[-1]:7.1f} s",
            f"the slowest against one person alone      {finished[-1] / alone.finished:7.2f}",
            f"answers in the order of the questions     {sum(talk.in_order for talk in crowd)} of {len(crowd)} conversations",
        )
    )


async def main() -> None:
    print("\nA crowd: twenty conversations at once with one slow model")
    print(report(*await measure()))


if __name__ == "__main__":
    asyncio.run(main())
