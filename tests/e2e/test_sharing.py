"""More than a channel may see: offered to the asker alone, shared back only as they saw and approved it, once."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.connector_state import personal_chat
from infra.local.teams import SeenMessage
from tests.e2e.parley import Parley

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUESTION = "What is the Heron budget now, and who approved it?"
SECRET = "485,000"


def button(message: SeenMessage, title: str) -> dict[str, Any]:
    return next(action for action in message.card()["actions"] if action["title"] == title)


async def press(parley: Parley, person: str, message: SeenMessage, title: str, chat: str = "personal") -> Any:
    action = button(message, title)
    value = {"action": {"type": action["type"], "data": action["data"], "verb": ""}, "trigger": "manual"}
    status, body = await parley.teams.invoke(person, "adaptiveCard/action", value, chat, reply_to=message.id)
    assert status == 200
    return body["value"]


async def in_personal_chat(parley: Parley, person: str, fits: Callable[[SeenMessage], bool]) -> SeenMessage:
    chat = personal_chat(parley.world, parley.world.person(person))
    async with asyncio.timeout(20):
        while True:
            found = [message for message in parley.teams.seen(chat) if fits(message)]
            if found:
                return found[-1]
            await asyncio.sleep(0.05)


def offers(message: SeenMessage) -> bool:
    return bool(message.attachments) and "Share it there…" in str(message.attachments)


def shown(message: SeenMessage) -> str:
    return str(message.text) + str(message.attachments)


async def test_private_answer_preview_and_one_approved_post(parley: Parley) -> None:
    await parley.sign_in("Sofia")
    asked = await parley.teams.say("Sofia", QUESTION, "General")
    public = await parley.teams.answer_to(asked, until=lambda message: message.ai_label)
    assert SECRET not in shown(public)
    assert "I know of more" in public.text
    thread = asked["conversation"]["id"]
    root = thread.split("=")[1]
    told = await parley.teams.say("Sofia", "answer me privately", "General", thread=root)
    assert "private chat" in (await parley.teams.answer_to(told, quiet=0.2)).text

    offer = await in_personal_chat(parley, "Sofia", offers)
    answer = await in_personal_chat(parley, "Sofia", lambda message: SECRET in message.text)
    assert answer.citations
    assert SECRET not in str([shown(message) for message in parley.teams.seen(thread)])

    assert await press(parley, "Hiro", offer, "Share it there…") != "One moment…", "somebody else pressed it"
    await press(parley, "Sofia", offer, "Share it there…")
    preview = await in_personal_chat(parley, "Sofia", lambda m: m.id == offer.id and "Post exactly this" in shown(m))
    assert SECRET in shown(preview)
    assert SECRET not in str([shown(message) for message in parley.teams.seen(thread)])

    await press(parley, "Sofia", preview, "Post exactly this")
    await in_personal_chat(parley, "Sofia", lambda m: m.id == offer.id and "exactly as you saw it" in shown(m))
    posted = [message for message in parley.teams.seen(thread) if SECRET in message.text]
    assert len(posted) == 1
    assert "Shared by Sofia" in posted[0].text
    assert [c["name"] for c in posted[0].citations] == [c["name"] for c in answer.citations]

    await press(parley, "Sofia", preview, "Post exactly this")
    await in_personal_chat(parley, "Sofia", lambda m: m.id == offer.id and "already shared" in shown(m))
    assert len([message for message in parley.teams.seen(thread) if SECRET in message.text]) == 1


async def test_who_left_can_no_longer_share(parley: Parley) -> None:
    await parley.sign_in("Dana")
    asked = await parley.teams.say("Dana", "private: What is the US list price of Heron?", "Pricing")
    await parley.teams.answer_to(asked, quiet=0.2)
    offer = await in_personal_chat(parley, "Dana", offers)
    await press(parley, "Dana", offer, "Share it there…")
    preview = await in_personal_chat(parley, "Dana", lambda m: m.id == offer.id and "Post exactly this" in shown(m))

    await parley.teams.move("Dana", "Pricing", joined=False)
    try:
        await press(parley, "Dana", preview, "Post exactly this")
        await in_personal_chat(parley, "Dana", lambda m: m.id == offer.id and "no longer in that" in shown(m))
    finally:
        await parley.teams.move("Dana", "Pricing", joined=True)


async def test_in_a_private_chat_there_is_nothing_to_take_aside(parley: Parley) -> None:
    said = await parley.teams.say("Sofia", "answer me privately")
    assert "alone here" in (await parley.teams.answer_to(said, quiet=0.2)).text
