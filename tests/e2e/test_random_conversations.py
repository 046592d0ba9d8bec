"""Random conversations with the whole app, in the product's own rhythm: no rule of Teams broken, nothing said twice, nothing lost.

What fails prints its seed: `at_random(seed, folder)` plays the same plans again.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.context import Outgoing
from bot.teams.conversation import Office
from bot.teams.displays import Timing
from bot.teams.errors import ConnectorError
from bot.teams.messages import activities
from bot.teams.stream import Answer
from infra.local.world import Fault
from tests.e2e.dialogues import Place, Plan, Question, plan, play
from tests.e2e.hurried import HurriedLoop
from tests.e2e.verdict import Verdict

SPEED = 40.0
TOGETHER = 40
MANY, AT_ONCE = 500, 100


def played(
    plans: list[Plan],
    folder: Path,
    seed: int,
    *,
    crashes: int = 0,
    timing: Timing | None = None,
    arrange: Callable[[Office], Office] = lambda office: office,
) -> Verdict:
    with asyncio.Runner(loop_factory=lambda: HurriedLoop(SPEED)) as runner:
        dice = random.Random(seed)
        return runner.run(play(plans, folder, dice, crashes=crashes, timing=timing or Timing(), arrange=arrange))


def at_random(seed: int, folder: Path, count: int = TOGETHER) -> Verdict:
    dice = random.Random(seed)
    plans = [plan(number, dice) for number in range(count)]
    return played(plans, folder, seed, crashes=dice.randint(0, 3))


def test_forty_random_conversations(tmp_path: Path) -> None:
    seed = 20261122
    found = at_random(seed, tmp_path)
    assert found.wrong == [], f"seed {seed}"
    assert found.counts["whole"] > TOGETHER / 2


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_five_hundred_random_conversations(tmp_path: Path) -> None:
    counts, wrong, played_so_far, seed = Counter[str](), list[str](), 0, 1
    while played_so_far < MANY:
        folder = tmp_path / str(seed)
        folder.mkdir()
        found = at_random(seed, folder, AT_ONCE)
        wrong += [f"seed {seed}: {problem}" for problem in found.wrong]
        counts += found.counts
        played_so_far, seed = played_so_far + AT_ONCE, seed + 1
    print(f"{played_so_far} conversations: {dict(counts)}")
    assert wrong == []
    assert counts["whole"] > MANY / 2


class Anew(Answer):
    """After an error it says it again, in a new message."""

    async def finish(self, message: Outgoing, *, placed: bool = False) -> None:
        try:
            await super().finish(message, placed=placed)
        except ConnectorError:
            for activity in activities(message, self._outlet.reference):
                await self._outlet.post(activity)
            self.finished = True


class Deaf(Answer):
    """Does not hear that Stop was pressed, and completes the message all the same."""

    async def finish(self, message: Outgoing, *, placed: bool = False) -> None:
        await super().finish(message, placed=placed)
        if self.stopped:
            await self._outlet.put(self.message_id, activities(message, self._outlet.reference)[0])


LASTING = Question(80, pause=0.2, chunk=30)
PATIENT = Timing(status_delay=60.0, text_delay=60.0, typing_delay=60.0)
"""Shows the answer only."""
CUT = Fault("connector", "POST", "cut")
WEAKENED: dict[str, tuple[type[Answer], Timing, Question, tuple[Fault, ...], Place, str]] = {
    "a new message after an error": (Anew, PATIENT, Question(5, pause=0.0), (CUT,), "personal", "twice"),
    "deaf to Stop": (Deaf, Timing(), replace(LASTING, stop=3.0), (), "personal", "nothing follows a Stop"),
    "too fast a stream": (
        Answer, Timing(stream_interval=0.05, stream_gap=0.05), LASTING, (), "personal", "one streaming request a second"
    ),
    "too fast an edit": (Answer, Timing(edit_interval=0.05, edit_gap=0.05), LASTING, (), "group", "between two edits"),
    "over two minutes": (
        Answer, Timing(close_after=1000.0), replace(LASTING, pause=4.0), (), "personal", "within two minutes"
    ),
}  # fmt: skip


@pytest.mark.parametrize("weakness", WEAKENED)
def test_a_weakened_build_is_found_out(weakness: str, tmp_path: Path) -> None:
    answer, timing, question, faults, place, said = WEAKENED[weakness]
    weak = played(
        [Plan(0, place, (question,), faults)],
        tmp_path,
        1,
        timing=timing,
        arrange=lambda office: replace(office, answer=answer),
    )
    assert any(said in problem for problem in weak.wrong), weak


def test_the_same_plans_find_nothing_in_the_build_as_it_is(tmp_path: Path) -> None:
    kinds = enumerate(WEAKENED.values())
    plans = [Plan(number, place, (question,), faults) for number, (_, _, question, faults, place, _) in kinds]
    assert played(plans, tmp_path, 1).wrong == []
