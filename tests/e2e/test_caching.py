"""What a conversation sends again its vendor still has: the beginning of every request stays what it was, on both wires."""

import pytest

from tests.bench.caching import QUESTIONS, converse, shares
from tests.e2e.parley import Parley

pytestmark = pytest.mark.asyncio(loop_scope="module")
WIRE = {"claude": "claude", "gpt": "openai"}
LEAST = 0.85


@pytest.fixture(scope="module", params=["claude", "gpt"])
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def share(parley: Parley, door: str, turns: int) -> float:
    await parley.sign_in("sofia")
    await parley.teams.answer_to(await parley.teams.say("sofia", "new"), quiet=0.1)
    asked = await converse(parley.world, parley.teams, WIRE[door], turns)
    assert len(asked) >= 2 * turns - 2, "there were no tool calls"
    return shares(asked)[0]


async def test_what_is_sent_again_is_read_from_the_cache(parley: Parley, door: str) -> None:
    assert await share(parley, door, turns=4) >= LEAST


@pytest.mark.slow
async def test_a_conversation_of_ten_turns(parley: Parley, door: str) -> None:
    assert await share(parley, door, len(QUESTIONS)) >= LEAST
