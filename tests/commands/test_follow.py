"""Listening is opted into by a channel or chat as a whole, in words of either language, and never in private."""

from dataclasses import replace

import pytest

from bot.context import Place
from tests.commands.desk import PERSONAL, Desk

THREAD = replace(PERSONAL, id="19:c@thread.tacv2;messageid=17", place=Place.CHANNEL)


@pytest.mark.parametrize("words", ["follow", "follow this channel", "Read along here.", "lies hier mit", "Mitlesen!"])
async def test_the_whole_channel_is_followed(desk: Desk, words: str) -> None:
    desk.reference = THREAD
    assert "read along" in (await desk.says(words)).text
    assert await desk.services.preferences.get("conversation:19:c@thread.tacv2", "follow") is True
    assert await desk.services.preferences.get(f"conversation:{THREAD.id}", "follow") is None


async def test_in_private_there_is_nothing_to_follow(desk: Desk) -> None:
    assert "every message is for me" in (await desk.says("follow")).text
    assert await desk.services.preferences.all(f"conversation:{PERSONAL.id}") == {}
