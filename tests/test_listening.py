"""Who is not addressed keeps silent: the rules by which an unmentioned message counts as a question to us."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.context import Incoming, Person, Place, Sent
from bot.listening import asks_on, worth_storing
from bot.services import Services
from bot.store.answers import Kept
from bot.store.heard import Remark
from tests.commands.conftest import desk
from tests.commands.desk import PERSONAL, SOFIA, Desk
from tests.teams.wires import BOT, message

__all__ = ["desk"]
THREAD = replace(PERSONAL, id="19:c@thread.tacv2;messageid=17", place=Place.CHANNEL)
CHAT = replace(PERSONAL, id="19:g@thread.v2", place=Place.GROUP)
HIRO = Person("hiro-id", "Hiro Tanaka", "tenant-1", "29:hiro")


def overheard(text: str, person: Person = SOFIA, **more: Any) -> Incoming:
    return Incoming("99", text, replace(more.pop("reference", THREAD), person=person), mentioned=False, **more)


async def answered(desk: Desk, **asked: Any) -> Services:
    """A thread and a chat where Sofia was answered a moment ago, by the database's clock."""
    for reference in (THREAD, CHAT):
        said = replace(Incoming("1", "How long does it take?", reference), **asked)
        await desk.services.answers.save(said.kept_under, "m1", Kept(said, "A day.", "claude", "claude-1"))
    kept = await desk.services.answers.get(THREAD.id, "m1")
    assert kept is not None
    moment = kept.kept.created
    return replace(
        desk.services, now=lambda: desk.services.now().fromtimestamp(moment + 60, desk.services.now().tzinfo)
    )


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("And in winter?", True),
        ("Und im Winter?", True),
        ("  And in winter?  ", True),
        ('He asked "and in winter?"', True),
        ("ok, and in winter?", True),
        ("Danke, und im Winter?", True),
        ("冬天呢？", True),
        ("Parley, and in winter?", True),
        ("And in winter.", False),
        ("A day? That is long.", False),
        ("Marco, and in winter?", False),
        ("Marco Bianchi: and in winter?", False),
        ("", False),
        ("?" * 501, False),
    ],
)
async def test_words(desk: Desk, text: str, answers: bool) -> None:
    assert await asks_on(await answered(desk), overheard(text), "Parley") is answers


async def test_only_where_we_answered_and_not_for_long(desk: Desk) -> None:
    services, question = await answered(desk), "And in winter?"
    assert not await asks_on(
        services, overheard(question, reference=replace(THREAD, id="19:c@thread.tacv2;messageid=18")), "P"
    )
    later = services.now() + timedelta(minutes=11)
    services = replace(services, now=lambda: later)
    assert await asks_on(services, overheard(question), "P")
    assert not await asks_on(services, overheard(question, reference=CHAT), "P")
    tomorrow = later + timedelta(days=1)
    assert not await asks_on(replace(services, now=lambda: tomorrow), overheard(question), "P")


async def test_a_private_answer_was_not_said_to_everybody(desk: Desk) -> None:
    services = await answered(desk, targeted=True)
    assert not await asks_on(services, overheard("And in winter?"), "P")


async def test_what_is_between_others_is_theirs(desk: Desk) -> None:
    services = await answered(desk)
    assert not await asks_on(services, overheard("And in winter?", people=(HIRO,)), "P")
    assert not await asks_on(services, overheard("Really?", quoted=(Sent("message", id="5", text="No."),)), "P")
    assert await asks_on(services, overheard("Really?", quoted=(Sent("message", id="m1", text="A day."),)), "P")
    assert not await asks_on(services, overheard("And in winter?", Person("", "Guest", "t", "29:guest")), "P")
    await services.heard.keep(THREAD.id, Remark("7", SOFIA.id, SOFIA.name, "I see."))
    assert await asks_on(services, overheard("And in winter?"), "P")
    await services.heard.keep(THREAD.id, Remark("8", HIRO.id, HIRO.name, "It depends."))
    desk.sign_in.grants.add(HIRO.id)
    assert not await asks_on(services, overheard("On what?"), "P")
    assert not await asks_on(services, overheard("And in winter?", HIRO), "P")
    assert await asks_on(services, overheard("What does Parley know about winter?", HIRO), "Parley")
    desk.sign_in.grants.discard(HIRO.id)
    assert not await asks_on(services, overheard("What does Parley know about winter?", HIRO), "Parley")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(text=st.text(max_size=60), name=st.text(max_size=10))
async def test_any_words_are_judged(desk: Desk, text: str, name: str) -> None:
    await asks_on(await answered(desk), overheard(text), name)


CHANNEL = {"id": THREAD.id, "conversationType": "channel", "isGroup": True}
MENTION = {"type": "mention", "text": "<at>Parley</at>", "mentioned": {"id": BOT, "name": "Parley"}}
OTHER = {"type": "mention", "text": "<at>Parley</at>", "mentioned": {"id": "29:x", "name": "Parley"}}
WHISPERED = {"id": BOT, "name": "Parley", "isTargeted": True}


@pytest.mark.parametrize(
    ("activity", "stored"),
    [
        ({}, False),
        ({"type": "messageUpdate"}, False),
        ({"type": "messageUpdate", "id": "1"}, True),
        ({"type": "messageDelete"}, True),
        ({"type": "messageReaction"}, True),
        ({"entities": [MENTION]}, True),
        ({"entities": [OTHER]}, False),
        ({"recipient": WHISPERED}, True),
        ({"text": "", "value": {"verb": "x"}}, True),
        ({"text": "words", "value": {"verb": "x"}}, False),
        ({"conversation": {"id": "a:1", "conversationType": "personal"}}, True),
    ],
    ids=str,
)
async def test_what_was_not_said_to_us_is_not_even_stored(desk: Desk, activity: dict[str, Any], stored: bool) -> None:
    said = message("https://service.example/", "words", conversation=CHANNEL) | activity
    services = await answered(desk)
    assert await worth_storing(services, said) is stored
    await services.preferences.set("conversation:19:c@thread.tacv2", "follow", value=True)
    assert await worth_storing(services, said)
