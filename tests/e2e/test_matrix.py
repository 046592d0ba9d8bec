"""Over all places, guests, newcomers, sources and paths: no word that not everybody there may read reaches them or a model for them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.context import Audience
from bot.services import Services, Turn
from tests.conftest import fresh_world
from tests.e2e import matrix
from tests.e2e.matrix import Case, Traffic, Trial
from tests.e2e.parley import parley_running
from tests.e2e.test_canaries import Everybody

AT_ONCE = 4
TWO = "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6"


async def played(
    folder: Path, cases: Sequence[Case], refine: Callable[[Services], Services] = lambda services: services
) -> tuple[list[Trial], Traffic, matrix.Log]:
    """The cases in one running Parley, after the asker asked in private: what can't be found can't leak."""
    world, built = fresh_world(), list[Services]()
    matrix.plant(world, list(cases))

    def capture(services: Services) -> Services:
        built.append(refine(matrix.thorough(services)))
        return built[0]

    with matrix.listening() as log:
        async with parley_running(world, folder, refine=capture, models=TWO) as parley:
            await parley.sign_in(matrix.ASKER)
            missing = [*matrix.HERS]
            for _ in range(3):  # files of mails may come too late for an answer that has what it takes
                await parley.ask(matrix.ASKER, f"{matrix.QUESTION}?")
                given = str([request.body for request in parley.received("claude", "openai")])
                missing = [source for source, word in matrix.HERS.items() if word not in given]
                if not missing:
                    break
            assert missing == []
            trials = [Trial(parley, built[0], case) for case in cases]
            free = asyncio.Semaphore(AT_ONCE)

            async def play(trial: Trial) -> None:
                async with free, asyncio.timeout(120):
                    await trial.play()

            await asyncio.gather(*map(play, trials))
    return trials, Traffic(world), log


async def _nothing_leaks(folder: Path, cases: Sequence[Case]) -> None:
    trials, traffic, log = await played(folder, cases)
    assert [leak for trial in trials for leak in trial.leaks(traffic)] == []
    assert [line for line in log.lines if any(word in line for word in matrix.SECRETS)] == []
    # What everybody there may read is used: silence would be no proof.
    silent = [case for case in cases if not any(matrix.TEAM in text for _, _, text in traffic.of(case))]
    assert [case for case in silent if not case.joined] == []


async def test_a_sample_of_the_matrix(tmp_path: Path) -> None:
    cases = matrix.sample()
    assert len(cases) * len(matrix.SOURCES) >= 60
    assert {case.path for case in cases} == set(matrix.PATHS)
    assert {case.place for case in cases} == set(matrix.PLACES)
    await _nothing_leaks(tmp_path, cases)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_the_whole_matrix(tmp_path: Path) -> None:
    assert len(matrix.CASES) * len(matrix.SOURCES) >= 200
    await _nothing_leaks(tmp_path, matrix.CASES)


async def test_a_build_without_the_check_is_caught(tmp_path: Path) -> None:
    async def everybody(turn: Turn) -> Audience:
        return Everybody(turn.person.id, None)

    cases = [case for case in matrix.CASES if case.path == "live" and case.guest and not case.joined]
    trials, traffic, _ = await played(tmp_path, cases, lambda services: replace(services, audience=everybody))
    found = [leak for trial in trials for leak in trial.leaks(traffic)]
    assert {case.place for case, _, _ in found} == set(matrix.PLACES)
    late = {matrix.HERS["attachment"]}  # nobody waits for an attachment when the rest has what it takes
    assert {word for _, _, word in found} >= set(matrix.HERS.values()) - late
    assert {wire for _, wire, _ in found} >= {"claude", "connector"}
