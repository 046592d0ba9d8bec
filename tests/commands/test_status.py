"""How we are: without asking a model anything, and without telling a channel who is signed in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.context import Place
from bot.watched import Watched
from providers import errors
from providers.base import Message, Request, Text
from tests.agent.fakes import ScriptedProvider, says
from tests.commands.cards import words
from tests.commands.desk import NOW, PERSONAL, Desk

REQUEST = Request("", (Message("user", (Text("hello"),)),))


async def drained(watched: Watched) -> None:
    async for _ in watched.stream(REQUEST):
        pass


async def test_it_says_what_holds_in_our_chat(desk: Desk) -> None:
    desk.sign_in.grants.clear()
    text = words(await desk.says("status"))
    assert "Model here: Scripted (scripted-1). It is the default." in text
    assert "not asked since I started" in text
    assert "Microsoft 365: not asked: nobody is signed in here" in text
    assert "My database: answers (in " in text
    assert "Where we are: our personal chat: only you can read along" in text
    assert "Language: English" in text
    assert "Signed in: no: say *sign in*" in text
    assert not desk.provider.requests


@pytest.mark.parametrize("patience", [0.1, pytest.param(30.0, marks=pytest.mark.slow)])
async def test_microsoft_that_cannot_be_reached_is_said_so(desk: Desk, patience: float) -> None:
    """Whether the client gives up or, later, the command does."""
    desk.services.graph.patience = patience
    text = words(await desk.says("status"))
    assert "Microsoft 365: Microsoft 365 did not answer." in text
    assert "Signed in: yes" in text


async def test_a_channel_learns_nothing_of_the_asker(desk: Desk) -> None:
    desk.reference = replace(PERSONAL, id="19:ops@thread.tacv2;messageid=1", place=Place.CHANNEL)
    text = words(await desk.says("status"))
    assert "Signed in" not in text
    assert "Microsoft 365: not asked here" in text
    assert "Without a mention: I answer when I am mentioned" in text
    await desk.services.preferences.set("conversation:19:ops@thread.tacv2", "follow", value=True)
    assert "Without a mention: I follow this conversation" in words(await desk.says("status"))


async def test_each_vendor_is_shown_as_it_last_did(desk: Desk) -> None:
    now = NOW - timedelta(minutes=3)
    good = Watched(ScriptedProvider([says("Hello.")]), now=lambda: now)
    bad = Watched(ScriptedProvider([errors.RateLimited("canary")]), now=lambda: now)
    await drained(good)
    with pytest.raises(errors.RateLimited):
        await drained(bad)
    desk.services = replace(desk.services, models={"claude": good, "gpt": bad})
    text = words(await desk.says("status"))
    assert "Claude: answered 3 minutes ago" in text
    assert "GPT: failed 3 minutes ago: The model is being asked too much right now." in text
    assert "canary" not in text
    desk.reference = replace(PERSONAL, locale="de")
    assert "Claude: hat vor 3 Minuten geantwortet" in words(await desk.says("status"))


async def test_an_answer_makes_a_failure_forgotten_and_stopping_is_neither() -> None:
    provider = ScriptedProvider([errors.Overloaded("x"), says("one two"), says("three")])
    watched = Watched(provider, now=lambda: NOW)
    with pytest.raises(errors.Overloaded):
        await drained(watched)
    assert watched.failed == (NOW, errors.Overloaded)
    pieces = watched.stream(REQUEST)
    assert await anext(pieces) == "one "
    await pieces.aclose()
    assert watched.failed is not None
    await drained(watched)
    assert watched.failed is None
    assert watched.answered == NOW
