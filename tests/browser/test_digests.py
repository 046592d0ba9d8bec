"""A digest as people meet it in a real client: asked for in words, agreed to, received, steered, looked back at, paused."""

import pytest
from playwright.async_api import expect

from infra.local.vendors.script import Reply
from tests.browser.seat import PATIENCE, Seat

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]


async def test_a_digest_from_words_to_pause(seat: Seat) -> None:
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
