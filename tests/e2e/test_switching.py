"""A conversation that changes vendor at random, with tools, pictures and thinking: both wires' strict checks take every request."""

import random
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.agent.history import MOST_CHARACTERS
from bot.teams.displays import Timing
from infra.local import teams_files
from infra.local.vendors.script import Call, Reply, View
from infra.local.world import World
from tests.conftest import fresh_world
from tests.e2e.faulted import OTHER, WIRES
from tests.e2e.parley import Parley, parley_running
from tests.e2e.talk import patient
from tests.e2e.test_vision import screenshot

MODELS = "claude=anthropic:claude-sonnet-5-5,gpt=openai:gpt-6-luna"
DONE_ONLY = Timing(status_delay=60.0, text_delay=60.0, typing_delay=60.0)
"""Shows the answer only: Teams takes sixty messages in half a minute for one conversation."""
PINNED = "The harbour gate opens at 05:40"
DECIDED = "We decided: the spare keys stay with Ines Moreau."
QUESTIONS = (
    "What does the casting tool from Brenta cost?",
    "Who approved the Heron budget?",
    "What is the telemetry interval of the HRN-200?",
    "Which supplier casts the impeller housing?",
)
QUIT = ["529", "cut"]


class Dice:
    """What the models do in one turn, and what comes of it."""

    def __init__(self, seed: int, world: World, *, size: int) -> None:
        self._dice, self._world, self._size = random.Random(seed), world, size
        self.switches = self.failovers = self.pictures = self.tools = 0
        self.model = "claude"

    def turn(self, number: int) -> tuple[str, str, list[Reply], dict[str, Any]]:
        """(model asked, model that answers, what both do, what comes with the question)"""
        dice, before = self._dice, self.model
        self.model = dice.choice(list(WIRES))
        self.switches += self.model != before
        script, answers = [], self.model
        if dice.random() < 0.6:
            self.tools += 1
            script += [self._looks(self.model, number, n) for n in range(dice.randint(1, 2))]
        if dice.random() < 0.3:
            self.failovers += 1
            answers = OTHER[self.model]
            broken = {"error": 529} if dice.choice(QUIT) == "529" else {"text": "Half", "cut": 5}
            script.append(Reply(wire=WIRES[self.model], **broken))
            script += [self._looks(answers, number, 7)] if dice.random() < 0.5 else []
        text = f"Answer {number} by {answers}. " + "It is as it was said before, more or less. " * (self._size // 43)
        thinking = "Let me think." if dice.random() < 0.5 else ""
        script.append(Reply(text=text, thinking=thinking, chunk=500, wire=WIRES[answers]))
        attached = {}
        if dice.random() < 0.3:
            self.pictures += 1
            attached = {"attachments": [teams_files.picture(self._world, screenshot())]}
        return self.model, answers, script, attached

    def _looks(self, model: str, number: int, n: int) -> Reply:
        dice = self._dice
        calls = [
            Call("search_files", {"query": "Brenta"}),
            Call("read", {"id": "S1"}),
            Call("search_mail", "{not json"),
        ]
        return Reply(
            text=dice.choice(["", "Let me look. "]),
            calls=dice.sample(calls, dice.randint(1, 3)),
            thinking=dice.choice(["", f"Thought {number}.{n}"]),
            wire=WIRES[model],
        )


def _in_turn(reply: Reply, view: View) -> Reply:
    """Summaries are written after an answer, while the next question may be on its way: they take nothing of its script."""
    return replace(reply, wire="none") if "notes anew" in view.question else reply


async def talked(parley: Parley, seed: int, turns: int) -> Dice:
    """Plays a conversation; asserts that every request was taken and every turn answered by whom it should."""
    world, owner = parley.world, f"person:{parley.world.person('Sofia').id}"
    dice = Dice(seed, world, size=2 * MOST_CHARACTERS // turns)
    world.state["script"] = [Reply(text=f"{PINNED}.")]
    await parley.ask("Sofia", "When does the harbour gate open?")
    await parley.teams.answer_to(await parley.teams.say("Sofia", "pin that"), quiet=0.2)
    world.state["script"] = [Reply(text="Noted.")]
    await parley.ask("Sofia", DECIDED)
    for number in range(turns):
        parley.services.circuits._circuits.clear()
        model, answers, script, attached = dice.turn(number)
        await parley.services.preferences.set(owner, "model", model)
        world.state["script"] = [partial(_in_turn, reply) for reply in script]
        since = len(world.record)
        seen = await parley.ask("Sofia", QUESTIONS[number % len(QUESTIONS)], **attached)
        vendors = parley.received("claude", "openai", since=since)
        refused = [request.response for request in vendors if request.status == 400]
        assert refused == [], f"seed {seed}, turn {number}"
        assert f"Answer {number} by {answers}." in seen.text, f"seed {seed}, turn {number}: {seen.text[:200]}"
        last = [request for request in vendors if request.wire == WIRES[answers] and PINNED in str(request.body)]
        assert last, f"seed {seed}, turn {number}: what was pinned is forgotten"
    return dice


async def conversation(folder: Path, seed: int, turns: int) -> None:
    world = fresh_world()
    async with parley_running(world, folder, models=MODELS, refine=patient, timing=DONE_ONLY) as parley:
        await parley.sign_in("Sofia")
        dice = await talked(parley, seed, turns)
        summaries = [r for r in parley.received("claude", "openai") if "You condense a conversation" in str(r.body)]
        assert summaries, "the conversation was summed up"
        for model in WIRES:
            await parley.services.preferences.set(f"person:{world.person('Sofia').id}", "model", model)
            world.state["script"] = []
            since = len(world.record)
            await parley.ask("Sofia", "Who keeps the spare keys?")
            (asked, *_) = parley.received(WIRES[model], since=since)
            assert PINNED in str(asked.body)
            assert DECIDED.partition(": ")[2].rstrip(".") in str(asked.body)
            assert "Answer 0 by" not in str(asked.body)
    print(f"seed {seed}: {turns} turns, {dice.switches} switches, {dice.failovers} failovers, "
          f"{dice.tools} with tools, {dice.pictures} with pictures, {len(summaries)} summaries")  # fmt: skip
    assert min(dice.switches, dice.failovers, dice.pictures, dice.tools) > 0, "a seed that shows nothing"


async def test_twelve_turns(tmp_path: Path) -> None:
    await conversation(tmp_path, 20261123, 12)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(1, 6))
async def test_sixty_turns(tmp_path: Path, seed: int) -> None:
    await conversation(tmp_path, seed, 60)
