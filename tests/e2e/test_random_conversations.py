"""Random conversations with the whole app, in the product's own rhythm: no rule of Teams broken, nothing said twice, nothing lost."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.teams.conversation import Office
from bot.teams.displays import Timing
from tests.e2e.dialogues import Plan, Question, plan, play
from tests.e2e.hurried import HurriedLoop
from tests.e2e.verdict import Verdict

SPEED = 40.0
TOGETHER = 40


def played(
    plans: list[Plan],
    folder: Path,
    seed: int,
    *,
    crashes: int = 0,
    timing: Timing = Timing(),  # noqa: B008 -- frozen
    arrange: Callable[[Office], Office] = lambda office: office,
) -> Verdict:
    with asyncio.Runner(loop_factory=lambda: HurriedLoop(SPEED)) as runner:
        return runner.run(play(plans, folder, random.Random(seed), crashes=crashes, timing=timing, arrange=arrange))


def at_random(seed: int, folder: Path) -> Verdict:
    dice = random.Random(seed)
    plans = [plan(number, dice) for number in range(TOGETHER)]
    return played(plans, folder, seed, crashes=dice.randint(0, 3))


@pytest.mark.parametrize("seed", [20261122])
def test_forty_random_conversations(seed: int, tmp_path: Path) -> None:
    found = at_random(seed, tmp_path)
    assert found.wrong == [], f"seed {seed}"
    assert found.counts["whole"] > TOGETHER
