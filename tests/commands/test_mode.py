"""How a conversation's questions are answered: chosen for it, in plain words, and said in *status*."""

from dataclasses import replace

import pytest

from bot.answer.modes import mode_here
from bot.context import Place
from bot.services import Turn
from tests.agent.fakes import ScriptedProvider, says
from tests.commands.cards import words
from tests.commands.desk import PERSONAL, Desk

CHANNEL = replace(PERSONAL, id="19:ops@thread.tacv2;messageid=1", place=Place.CHANNEL)


@pytest.fixture
def two(desk: Desk) -> Desk:
    gpt = ScriptedProvider([says("GPT here.") for _ in range(9)])
    gpt.door = "openai"
    desk.provider.replies += [says("First here.") for _ in range(9)]
    desk.services = replace(desk.services, models={**desk.services.models, "gpt": gpt})
    return desk


async def mode(desk: Desk) -> str:
    turn = Turn(desk.incoming("x"), desk.conversation, desk.services, lambda: desk.services.preferences.forget(""))
    return await mode_here(turn)


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ("always compare here", "compare"), ("Always review here, please.", "review"), ("mode: compare", "compare"),
        ("hier immer prüfen", "review"), ("Vergleiche hier immer!", "compare"), ("modus: vergleichen", "compare"),
        ("stop comparing", "none"), ("nicht mehr prüfen", "none"),
    ],
)  # fmt: skip
async def test_plain_words_choose(two: Desk, said: str, chosen: str) -> None:
    assert await mode(two) == "none"
    await two.says(said)
    assert await mode(two) == chosen
    two.reference = replace(PERSONAL, id="chat-2")
    assert await mode(two) == "none"


async def test_a_thread_goes_before_its_channel_and_what_is_none_of_ours_is_none(two: Desk) -> None:
    two.reference = CHANNEL
    await two.services.preferences.set("conversation:19:ops@thread.tacv2", "mode", "review")
    assert await mode(two) == "review"
    await two.says("stop reviewing")
    assert await mode(two) == "none"
    await two.services.preferences.set(f"conversation:{CHANNEL.id}", "mode", ["x"])
    assert await mode(two) == "review"


async def test_it_is_said_and_shown_in_the_status(two: Desk) -> None:
    assert "One model answers here. Say *always compare here*" in (await two.says("mode")).text
    await two.says("mode: review")
    assert "A second model checks every answer here." in (await two.says("mode")).text
    assert "Answers: A second model checks every answer here." in words(await two.says("status"))
    assert "Say *always compare here*" in (await two.says("mode: bananas")).text


async def test_with_one_model_there_is_nothing_to_choose(desk: Desk) -> None:
    assert "Scripted is the only model" in (await desk.says("always compare here")).text
    assert await mode(desk) == "none"


async def test_a_question_is_answered_so_and_a_greeting_by_one(two: Desk) -> None:
    await two.says("always compare here")
    assert "**GPT**" in (await two.says("What is the budget of Heron?")).text
    assert (await two.says("hello")).text == "First here."
