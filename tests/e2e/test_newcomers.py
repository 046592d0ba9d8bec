"""Somebody joins while an answer is being made: what was found for those who were there is not shown to them."""

import asyncio

import pytest

from infra.local.connector_state import personal_chat
from infra.local.vendors.script import Reply
from tests.e2e.parley import Parley, citing

pytestmark = pytest.mark.asyncio(loop_scope="module")
PRICE = "What is the US list price of Heron?"
SECRET = "2,240 USD"


@pytest.fixture(scope="module")
def door() -> str:
    return "claude"


async def _everything_in(parley: Parley, place: str, since: int) -> list[str]:
    """All that was ever shown to everybody there, also what was replaced."""
    written = [r for r in parley.received("connector", since=since) if r.method in {"POST", "PUT"}]
    return [str(r.body) for r in written if place in r.path.replace("%3A", ":").replace("%40", "@")]


async def test_an_answer_under_way_goes_to_its_asker_alone(parley: Parley) -> None:
    """The newcomer may not open the file that the model is just quoting; the words shown so far are taken back."""
    await parley.sign_in("Dana")
    answer = f"The list price is {SECRET}, as the memo says, and it holds for the Americas from January on."
    parley.world.state["script"] = [
        lambda view: Reply(text=citing(answer, SECRET)(view).text, delay=0.25, chunk=8),
        citing(answer, SECRET),
    ]
    asked = await parley.teams.say("Dana", PRICE, "Pricing")
    place = asked["conversation"]["id"]
    async with asyncio.timeout(20), parley.world.changed:
        await parley.world.changed.wait_for(lambda: any("The list" in m.text for m in parley.teams.seen(place)))
    assert SECRET not in parley.teams.seen(place)[-1].text
    since = len(parley.world.record)
    await parley.teams.move("Hiro", "Pricing", joined=True)
    try:
        told = await parley.teams.answer_to(asked, until=lambda message: "joined while I was answering" in message.text)
        assert len(parley.teams.seen(place)) == 1
        assert not told.ai_label
        assert not told.citations
        mine = personal_chat(parley.world, parley.world.person("Dana"))
        async with asyncio.timeout(20), parley.world.changed:
            await parley.world.changed.wait_for(lambda: any(SECRET in m.text for m in parley.teams.seen(mine)))
        channel = place.partition(";")[0]
        assert not [body for body in await _everything_in(parley, channel, since) if SECRET in body]
        sources = await parley.teams.say("Dana", "sources", "Pricing", thread=place.partition("=")[2])
        shown = await parley.teams.answer_to(sources, quiet=0.2)
        assert "memo" not in str(shown.activity)
    finally:
        await parley.teams.move("Hiro", "Pricing", joined=False)


async def test_whoever_may_see_it_as_well_disturbs_nobody(parley: Parley) -> None:
    await parley.sign_in("Sofia")
    parley.world.state["script"] = [
        lambda view: Reply(text=citing("Every five minutes.", "telemetry")(view).text, delay=0.2)
    ]
    lists, since = _lists(parley), len(parley.world.record)
    asked = await parley.teams.say("Sofia", PRICE, "Pricing")
    async with asyncio.timeout(20), parley.world.changed:
        await parley.world.changed.wait_for(lambda: parley.received("claude", since=since) != [])
    assert _lists(parley) == lists + 1
    await parley.teams.move("Dana", "Pricing", joined=True)
    answer = await parley.teams.answer_to(asked, until=lambda message: message.ai_label)
    assert answer.text
    assert _lists(parley) == lists + 2, "asked once more, because something had changed, and not at every word"


def _lists(parley: Parley) -> int:
    """How often the members of a place were asked for."""
    return sum(
        "member" in request.path.casefold() for request in parley.received("connector") if request.method == "GET"
    )
