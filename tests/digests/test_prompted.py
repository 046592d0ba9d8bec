"""A question on a schedule is answered as it was asked for: by the model chosen, by two, or reviewed; and when it can't be, it says why."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.digests.work import Later, NotNow
from infra.local.company.golden import MORNING, WHOM
from infra.local.company.teams import channel_id
from infra.local.world import Fault
from tests.conftest import fresh_world
from tests.digests.composing import composed
from tests.e2e.parley import DOORS, Parley, parley_running

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASKED = "What is the budget of Heron?"
GENERAL = channel_id("heron", "General")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    models = f"{DOORS['claude']},{DOORS['gpt']}"
    async with parley_running(fresh_world(), tmp_path_factory.mktemp("store"), models=models) as running:
        await running.sign_in(WHOM)
        yield running


@pytest.mark.parametrize(
    ("options", "wires"),
    [
        ({"model": "gpt"}, {"openai"}),
        ({"model": "gone"}, {"claude"}),
        ({"mode": "compare", "model": "claude"}, {"claude", "openai"}),
        ({"mode": "review", "model": "claude"}, {"claude", "openai"}),
    ],
    ids=["model", "model that is gone", "compare", "review"],
)
async def test_it_is_answered_as_it_was_asked_for(parley: Parley, options: dict[str, str], wires: set[str]) -> None:
    since = len(parley.world.record)
    made = await composed(parley, WHOM, "prompt", MORNING, prompt=ASKED, options=options)
    assert made.outgoing is not None
    assert made.outgoing.ai
    assert "485,000" in made.outgoing.text
    assert made.outgoing.citations
    assert {one.wire for one in parley.received("claude", "openai", since=since)} == wires
    assert made.record.usage.input > 0
    assert made.record.read


async def test_in_a_channel_only_what_all_may_read(parley: Parley) -> None:
    said = await parley.teams.say(WHOM, "help", GENERAL)
    await parley.teams.answer_to(said, quiet=0.05)
    made = await composed(
        parley, WHOM, "prompt", MORNING, prompt="What does the pilot checklist say?", conversation=GENERAL, late=True
    )
    assert made.outgoing is not None
    assert made.outgoing.notices[0] == "This comes late: something kept me from it at its time."
    assert all("my.sharepoint" not in cited.link for cited in made.outgoing.citations)
    with pytest.raises(NotNow, match="right"):
        await composed(parley, "Tomas", "prompt", MORNING, prompt=ASKED, conversation=GENERAL)


async def test_without_a_model_it_is_tried_later(parley: Parley) -> None:
    parley.world.faults += [Fault(wire, "*", "status", 529, times=50) for wire in ("claude", "openai")]
    with pytest.raises(Later, match="model"):
        await composed(parley, WHOM, "prompt", MORNING, prompt=ASKED)
    parley.world.faults.clear()
