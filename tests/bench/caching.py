"""How much of what a conversation sends again its vendor still has: ten questions, each with a search of the model's own."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.local.teams import TeamsClient
from infra.local.vendors.kept import CHARACTERS, Kept
from infra.local.vendors.script import Call, Reply, View
from infra.local.world import World
from tests.bench.running import bot, quiet_world

PERSON = "sofia"
MODELS = {"claude": "claude=anthropic:claude-sonnet-5-5", "openai": "gpt=openai:gpt-6.2-sol"}
"""By wire."""
QUESTIONS = (
    ("What does the casting tool from Brenta cost?", "Brenta casting tool quote"),
    ("Who approved the Heron budget in November?", "Heron budget approval"),
    ("What is the telemetry interval of the HRN-200?", "HRN-200 telemetry"),
    ("Which supplier was chosen for the impeller housing, and why?", "casting supplier decision"),
    ("How many days of parental leave do we have?", "parental leave policy"),
    ("When is the next steering meeting about Heron?", "Heron steering meeting"),
    ("What did customers complain about in the field test?", "field test complaints"),
    ("How much may a hotel cost on a business trip?", "travel policy hotel"),
    ("What are the open risks of the Heron project?", "Heron risks"),
    ("Summarise what we know about the price of the prototypes.", "prototypes price"),
)
STEADY = 3
"""The turn from which a conversation is counted: before it there is little to send again."""
ANSWER = "About {about}, the documents say this, in plain words and with the figures that matter to the question. "
LONG = 16
"""Sentences: about 450 tokens."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, in tokens."""

    turn: int
    total: int
    again: int
    """Of parts that an earlier request of the conversation had too, wherever they stood."""
    kept: Kept


def searching(query: str) -> list[Any]:
    """A model that looks once more by itself and then answers at some length."""

    def answer(view: View) -> Reply:
        cited = view.blocks[0].id if view.blocks else "S1"
        return Reply(text=f"{ANSWER.format(about=query) * LONG}[{cited}]")

    return [Reply(text="Let me look closer.", calls=[Call("search_files", {"query": query})]), answer]


async def converse(world: World, teams: TeamsClient, wire: str, turns: int = len(QUESTIONS)) -> list[Asked]:
    """The whole conversation in a new chat, at the wire."""
    asked: list[Asked] = []
    seen: set[str] = set()
    for turn, (question, query) in enumerate(QUESTIONS[:turns], 1):
        since, kept = len(world.record), len(world.state.setdefault("kept_log", []))
        world.state["script"] = searching(query)
        said = await teams.say(PERSON, question)
        await teams.answer_to(said, timeout=100, until=lambda message: message.ai_label)
        bodies = [entry.body for entry in world.record[since:] if entry.wire == wire]
        for body, of_it in zip(bodies, world.state["kept_log"][kept:], strict=True):
            parts = list(parts_of(body))
            again = sum(len(part) for part in parts if part in seen) // CHARACTERS
            asked.append(Asked(turn, len(json.dumps(body)) // CHARACTERS, again, of_it))
            seen.update(parts)
    return asked


def parts_of(body: dict[str, Any]) -> Iterator[str]:
    """Tools, instructions, and every block or item that was said, without marks for the cache."""
    said = body.get("messages") or body["input"]
    blocks = [block for message in said for block in (message["content"] if "messages" in body else [message])]
    for part in [*body.get("tools", []), *(body.get("system") or [body.get("instructions")]), *blocks]:
        plain = {k: v for k, v in part.items() if k != "cache_control"} if isinstance(part, dict) else part
        yield json.dumps(plain)


def shares(asked: list[Asked]) -> tuple[float, float]:
    """(read from the cache of what was sent again, of everything sent), in the steady case."""
    steady = [one for one in asked if one.turn >= STEADY]
    read = sum(one.kept.read for one in steady)
    return read / sum(one.again for one in steady), read / sum(one.total for one in steady)


async def main() -> None:
    print(
        f"\nPrompt cache: {len(QUESTIONS)} questions in one conversation, each with a tool call; tokens, from turn {STEADY} on"
    )
    print(
        f"{'':10}{'requests':>10}{'sent':>10}{'sent again':>12}{'read':>10}{'written':>10}{'of again':>10}{'of all':>8}"
    )
    for wire, models in MODELS.items():
        async with bot(quiet_world(), MODELS=models) as running:
            await running.sign_in(PERSON)
            asked = await converse(running.world, running.teams, wire)
        steady = [one for one in asked if one.turn >= STEADY]
        sums = [sum(o.total for o in steady), sum(o.again for o in steady), sum(o.kept.read for o in steady)]
        of_again, of_all = shares(asked)
        figures = f"{len(steady):10}{sums[0]:10}{sums[1]:12}{sums[2]:10}{sum(o.kept.written for o in steady):10}"
        print(f"{wire:10}{figures}{of_again:10.0%}{of_all:8.0%}")


if __name__ == "__main__":
    asyncio.run(main())
