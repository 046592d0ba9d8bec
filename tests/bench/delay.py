"""How long a person waits for the first words, against what they must wait for: two rounds of Graph and the model's first token.

The first round is every search at once, the second what the best hits hold. A file's bytes come from a pre-authenticated link
of SharePoint's, not from Graph: they are slowed in a table of their own.
"""

import asyncio
import statistics
from dataclasses import dataclass
from typing import Any

from infra.local.vendors.script import Reply
from infra.local.world import Fault, Recorded
from tests.bench.running import CLAUDE, Running, bot, quiet_world

FOREVER = 10**9
QUESTIONS = {
    "mail": "What did Tomas decide about the Heron budget in November?",
    "mail and files": "What does the casting tool from Brenta cost?",
}
"""By what answers them."""
PERSON = "sofia"
ANSWER = "Tomas approved 485,000 EUR for the prototypes, and the casting tool is part of it."
MANY = 10_000
DOWNLOAD = "GET */download/*"
LATENCIES = ((0.15, 0.4), (0.3, 0.7), (0.3, 2.0), (1.0, 1.0))
"""(every Graph call, the model's first token), seconds."""


@dataclass(frozen=True, slots=True)
class Waited:
    """Seconds since Teams sent the question."""

    graph: float
    """When the model was asked: everything before it is search and reading."""
    text: float
    """When the first words stood in Teams."""
    waves: int
    """Graph calls that had to wait for another one, on the longest way."""


Found = dict[tuple[str, float, float], list[Waited]]


async def measure(*, at_once: bool, downloads: bool, rounds: int = 3) -> Found:
    found: Found = {}
    changes = {"MODELS": CLAUDE} | ({"BENCH_TIMING": "at once"} if at_once else {})
    async with bot(quiet_world(), **changes) as running:
        running.world.state["script"] = [
            Reply(ANSWER)
        ] * MANY  # a model's own time is what it is slowed by, and nothing else
        await running.sign_in(PERSON)
        for question in QUESTIONS.values():
            await _ask(running, question)  # what is loaded for the first question is not what later ones wait for
        for graph, model in LATENCIES:
            running.world.faults[:] = [
                Fault("graph", DOWNLOAD, "late", seconds=graph if downloads else 0.0, times=FOREVER),
                Fault("graph", "*", "late", seconds=graph, times=FOREVER),
                Fault("claude", kind="delay", seconds=model, times=FOREVER),
            ]
            for name, question in QUESTIONS.items():
                found[name, graph, model] = [await _ask(running, question, graph) for _ in range(rounds)]
    return found


async def _ask(running: Running, question: str, graph: float = 0.0) -> Waited:
    await running.teams.answer_to(await running.teams.say(PERSON, "new"), quiet=0.1)
    running.world.record.clear()
    began = running.world.clock.now()
    said = await running.teams.say(PERSON, question)
    await running.teams.answer_to(said, timeout=60, until=lambda message: message.ai_label)
    record = running.world.record
    asked = next(entry for entry in record if entry.wire == "claude")
    text = next(entry for entry in record if entry.wire == "connector" and _has_words(entry.body))
    calls = [entry for entry in record if entry.wire == "graph" and entry.at < asked.at]
    return Waited((asked.at - began).total_seconds(), (text.at - began).total_seconds(), _waves(calls, graph))


def _has_words(body: Any) -> bool:
    """Words of the answer: neither a status nor an empty placeholder."""
    if not isinstance(body, dict) or not body.get("text"):
        return False
    streamed = [entity.get("streamType") for entity in body.get("entities", []) if entity.get("type") == "streaminfo"]
    return body.get("type") == "message" or "streaming" in streamed


def _waves(calls: list[Recorded], graph: float) -> int:
    """How many calls could only begin after another one had ended."""
    waves, end = 0, None
    for call in sorted(calls, key=lambda call: call.at):
        if end is None or (call.at - end).total_seconds() >= graph:
            waves, end = waves + 1, call.at
    return waves


def report(found: Found) -> str:
    heads = "Graph call", "first token", "must wait", "model asked", "first words", "of must", "waves"
    lines = [f"{'':16}" + "".join(f"{head:>13}" for head in heads)]
    for (name, graph, model), waits in found.items():
        text = statistics.median(waited.text for waited in waits)
        asked = statistics.median(waited.graph for waited in waits)
        waves = int(statistics.median(waited.waves for waited in waits))
        must = 2 * graph + model
        seconds = "".join(f"{value:12.2f}s" for value in (graph, model, must, asked, text))
        lines.append(f"{name:16}{seconds}{text / must:13.2f}{waves:13}")
    return "\n".join(lines)


async def main() -> None:
    print(
        "\nDelay: from the question to the first words in Teams, in Teams' own rhythm; medians; must wait = two rounds + model"
    )
    print(report(await measure(at_once=False, downloads=False)))
    print("\nThe same when every delta is shown at once: what is left is ours alone")
    print(report(await measure(at_once=True, downloads=False)))
    print("\nThe same with the download of files as slow as Graph")
    print(report(await measure(at_once=True, downloads=True)))


if __name__ == "__main__":
    asyncio.run(main())
