"""A digest as people meet it in a real client: asked for in words, agreed to, received, steered, looked back at, paused."""

from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import expect

from infra.local.vendors.script import Reply
from infra.local.world import World
from tests.browser.seat import PATIENCE, Seat

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]


def news(world: World) -> None:
    """The company's days lie back; the bot here goes by the real clock, and tells what is new by it."""
    mails, sofia = world.company.mails, world.person("sofia")
    old = next(
        mail for mail in mails
        if mail.mailbox == sofia.id and mail.folder == "inbox" and not mail.attachments and not mail.cc
        and mail.sender_name == "Priya Raman" and len(mail.to) == 1
    )  # fmt: skip
    text = "Sofia, can you send me two slides on Heron for the board by Thursday?"
    new: dict[str, Any] = {
        "subject": "Two slides for the board",
        "body_html": f"<p>{text}</p>",
        "body_text": text,
        "unique_text": text,
    }
    ids: dict[str, Any] = {
        "id": "AAMkADfresh",
        "internet_message_id": "<fresh@tidewell.example>",
        "conversation_id": "AAQkADfresh",
    }
    mails.insert(0, replace(old, sent=world.clock.now(), is_read=False, **new, **ids))


async def test_a_digest_from_words_to_pause(seat: Seat) -> None:
    news(seat.world)
    await seat.sees("Answered by claude-sonnet-5")
    await seat.say("every weekday at 8:30 a digest of my mail and calendar")
    await seat.sees("This is what I understood")
    await seat.sees("every weekday at 08:30")
    await seat.picture("digest-confirm")
    await seat.press("Save")
    await seat.sees("Saved. It runs from now on.")
    seat.world.state["script"] = [Reply(text='{"items": []}', model="claude-sonnet-5")] * 3
    await seat.press("Run now")
    await expect(seat.page.get_by_role("button", name="Change what comes…").last).to_be_visible(timeout=PATIENCE)
    await seat.picture("digest")
    await seat.press("Change what comes…")
    topic = seat.page.get_by_role("button", name="Mute topic").last
    await expect(topic).to_be_visible(timeout=PATIENCE)
    await topic.scroll_into_view_if_needed()
    await seat.picture("digest-steer")
    await seat.press("Mute topic")
    await seat.sees("Noted, from the next one on")
    await seat.picture("digest-noted")
    await seat.say("digests: history 1")
    await seat.sees("delivered,")
    await seat.picture("digest-history")
    await seat.say("pause digest 1")
    await seat.sees("paused: you wanted it so.")
    await seat.picture("digest-paused")
