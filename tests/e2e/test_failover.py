"""When a model fails another one answers: exactly one answer or one honest sentence, never two, never half of each."""

from collections.abc import AsyncIterator
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
import pytest_asyncio

from bot.routing.breaker import Circuit, Circuits
from bot.services import Services
from infra.local.teams import SeenMessage
from infra.local.vendors.script import Reply
from infra.local.world import Fault
from providers.base import Provider
from tests.e2e.faulted import ASKED, Case, cases, judged, some, two_vendors
from tests.e2e.parley import Parley

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    async with two_vendors(tmp_path_factory.mktemp("failover")) as running:
        yield running


async def test_the_other_model_answers_whatever_happens_and_whenever(parley: Parley) -> None:
    verdict = await judged(parley, some())
    assert verdict.wrong == []
    assert verdict.broken_off, "words were shown and taken back"


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_every_fault_at_every_point_both_ways(parley: Parley) -> None:
    verdict = await judged(parley, cases())
    print(f"{verdict.played} cases, {verdict.broken_off} of them after words that were shown")
    assert verdict.wrong == []
    assert verdict.broken_off > 10


class Alone(Circuits):
    """A build without failover: whatever else there is, it seems to be resting."""

    def of(self, provider: Provider) -> Circuit:
        circuit = super().of(provider)
        circuit.rest = inf
        return circuit


async def test_a_build_without_failover_is_found_out(tmp_path: Path) -> None:
    def weakened(services: Services) -> Services:
        return replace(services, circuits=Alone(lambda: 0.0))

    async with two_vendors(tmp_path, weakened) as weak:
        verdict = await judged(weak, [Case("503", "headers", "claude"), Case("cut", "middle", "gpt")])
    assert len({wrong.partition(":")[0] for wrong in verdict.wrong}) == 2, verdict.wrong


async def ended(parley: Parley, *script: Reply, faults: tuple[Fault, ...] = ()) -> SeenMessage:
    """What Sofia reads when Claude does this."""
    await parley.services.preferences.set(f"person:{parley.world.person('Sofia').id}", "model", "claude")
    parley.world.state["script"] = list(script)
    parley.world.faults.extend(faults)
    said = await parley.teams.say("Sofia", ASKED)
    return await parley.teams.answer_to(
        said, timeout=60, until=lambda m: m.text[-1:] in "._)*" and "Searching" not in m.text
    )
