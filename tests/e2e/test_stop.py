"""Stop, pressed or typed: the vendor is hung up on, nothing more is sent, and what was said and used is kept."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.store.answers import Answers
from bot.store.database import Database
from infra.local.connector_state import connector_state
from infra.local.vendors.script import Reply
from infra.local.world import World
from tests.e2e.parley import Parley, parley_running

LONG = Reply(text="Once upon a time there was a pump. " * 200, chunk=4, delay=0.01)
HELLO = "hello"
KEYS = Fernet.generate_key().decode()


@pytest.fixture
async def parley(world: World, tmp_path: Path) -> AsyncIterator[Parley]:
    async with parley_running(world, tmp_path, door="claude", encryption_keys=KEYS) as running:
        yield running


async def kept(folder: Path, said: dict[str, Any]) -> tuple[str, str, int]:
    """(ending, text, output tokens) of the stored answer."""
    database = await Database.open(f"sqlite:///{(folder / 'parley.db').as_posix()}", [KEYS])
    try:
        async with asyncio.timeout(10):
            while (answer := await Answers(database).by_turn(said["conversation"]["id"], said["id"])) is None:  # noqa: ASYNC110 -- a row makes no event
                await asyncio.sleep(0.05)
    finally:
        await database.aclose()
    return answer.kept.ending, answer.kept.text, answer.kept.usage.output


async def hung_up(world: World) -> None:
    async with asyncio.timeout(10), world.changed:
        await world.changed.wait_for(lambda: bool(world.state.get("hung_up")))


async def test_pressed_under_a_stream(parley: Parley, tmp_path: Path) -> None:
    world = parley.world
    world.state["script"] = [LONG]
    said = await parley.teams.say("Sofia", HELLO)
    await world.wait_for("connector", "POST *", count=4)
    assert parley.teams.stop("Sofia")
    await hung_up(world)
    ending, text, output = await kept(tmp_path, said)
    calls = [(r.method, r.status) for r in parley.received("connector")]
    assert calls[-1] == ("POST", 403), "by which the bot learned of it, and then it was silent"
    assert [status for _, status in calls].count(403) == 1
    assert connector_state(world).broken == []
    assert ending == "stopped"
    assert 0 < len(text) < len(LONG.text)
    assert output > 0


@pytest.mark.parametrize("place", ["personal", "channel"])
async def test_typed_while_an_answer_is_written(parley: Parley, tmp_path: Path, place: str) -> None:
    world = parley.world
    world.state["script"] = [LONG]
    chat = "personal" if place == "personal" else next(c.id for c in world.company.channels if c.kind == "standard")
    said = await parley.teams.say("Sofia", HELLO, chat)
    await world.wait_for("connector", "*activities*", count=4)
    thread = None if place == "personal" else said["id"]
    stop = await parley.teams.say("Sofia", "Stop!", chat, thread=thread)
    await hung_up(world)
    told = await parley.teams.answer_to(stop, quiet=0.5)
    ending, text, output = await kept(tmp_path, said)
    first = parley.teams.seen(said["conversation"]["id"])[0]
    assert "Once upon a time" in first.text
    assert "*Stopped.*" in first.text
    assert first.id != told.id
    assert (ending, bool(text), output > 0) == ("stopped", True, True)
    assert connector_state(world).broken == []


async def test_somebody_else_s_stop_is_not_mine(parley: Parley) -> None:
    world = parley.world
    world.state["script"] = [Reply(text="Short and whole.", chunk=2, delay=0.1)]
    channel = next(c.id for c in world.company.channels if c.kind == "standard")
    said = await parley.teams.say("Sofia", HELLO, channel)
    await world.wait_for("connector", "*activities*", count=2)
    await parley.teams.say("Tomas", "stop", channel, thread=said["id"])
    answer = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert "Short and whole." in answer.text


async def test_stop_with_nothing_to_stop_says_so(parley: Parley) -> None:
    answer = await parley.teams.answer_to(await parley.teams.say("Sofia", "stop"), quiet=0.2)
    assert answer.text
    assert "Stopped" not in answer.text
