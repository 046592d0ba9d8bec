"""Staying quiet ends listening for the whole channel and forgets what was heard there, in words of either language."""

from dataclasses import replace

import pytest

from bot.context import Place
from bot.store.heard import Remark
from tests.commands.desk import PERSONAL, Desk

THREAD = replace(PERSONAL, id="19:c@thread.tacv2;messageid=17", place=Place.CHANNEL)
ELSEWHERE = "19:c@thread.tacv2_more;messageid=1"


@pytest.mark.parametrize(
    "words",
    [
        "quiet",
        "stay quiet",
        "Stay quiet unless mentioned.",
        "unfollow",
        "sei still",
        "nur antworten, wenn ich dich erwähne",
        "Nur antworten wenn ich dich erwähne!",
    ],
)
async def test_nothing_is_followed_or_known_any_more(desk: Desk, words: str) -> None:
    desk.reference, services = THREAD, desk.services
    await desk.says("follow")
    for where in ("19:c@thread.tacv2;messageid=9", THREAD.id, ELSEWHERE):
        await services.heard.keep(where, Remark("5", "ana-id", "Ana", "We should wait."))
    assert "forgotten" in (await desk.says(words)).text
    assert await services.preferences.get("conversation:19:c@thread.tacv2", "follow") is None
    assert [len(await services.heard.of(where)) for where in (THREAD.id, ELSEWHERE)] == [0, 1]


async def test_a_question_about_silence_is_a_question(desk: Desk) -> None:
    desk.reference = THREAD
    await desk.says("follow")
    await desk.says("Why does the pump only answer when mentioned in the manual?")
    assert await desk.services.preferences.get("conversation:19:c@thread.tacv2", "follow") is True
