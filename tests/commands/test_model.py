"""Which model answers: for a conversation, for a person always, by words and by buttons."""

from dataclasses import replace

import pytest

from bot.app import router
from bot.commands import ask
from bot.context import Person, Place
from tests.agent.fakes import ScriptedProvider, says
from tests.commands.cards import actions, words
from tests.commands.desk import PERSONAL, Desk

CHANNEL = replace(PERSONAL, id="19:ops@thread.tacv2;messageid=1", place=Place.CHANNEL)
BEN = Person("ben-id", "Ben", "tenant-1", "29:ben")
QUESTION = "What is the budget of Heron?"


@pytest.fixture
def two(desk: Desk) -> Desk:
    """The desk with a second model, GPT."""
    desk.sign_in.grants.add(BEN.id)
    gpt = ScriptedProvider([says("GPT here.") for _ in range(9)])
    gpt.door, gpt.model = "openai", "gpt-6"
    desk.provider.replies += [says("First here.") for _ in range(9)]
    desk.services = replace(desk.services, models={**desk.services.models, "gpt": gpt})
    return desk


async def answer(desk: Desk) -> str:
    return (await desk.says(QUESTION)).text


@pytest.mark.parametrize(
    "said",
    ["use GPT for this", "Use gpt for this question, please.", "model gpt", "model: gpt-6", "Nimm GPT", "/model gpt"],
)
async def test_plain_words_choose_for_this_conversation(two: Desk, said: str) -> None:
    assert (await answer(two)) == "First here."
    assert (await two.says(said)).text == "From now on GPT answers in this conversation."
    assert (await answer(two)) == "GPT here."
    two.reference = replace(PERSONAL, id="chat-2")
    assert (await answer(two)) == "First here."


async def test_always_is_the_persons_own_and_yields_to_a_conversations_choice(two: Desk) -> None:
    assert "everywhere" in (await two.says("always use GPT")).text
    two.reference = CHANNEL
    assert (await answer(two)) == "GPT here."
    two.reference = replace(CHANNEL, person=BEN)
    assert (await answer(two)) == "First here."
    assert "in this conversation" in (await two.says("model: scripted")).text
    two.reference = CHANNEL
    assert (await answer(two)) == "First here."
    two.reference = replace(CHANNEL, id="19:ops@thread.tacv2;messageid=2")
    assert (await answer(two)) == "GPT here."
    assert "the default answers again: Scripted" in (await two.says("use the default model")).text
    assert (await answer(two)) == "First here."


async def test_the_card_names_all_and_its_buttons_choose(two: Desk) -> None:
    shown = await two.says("which model are you using?")
    text = words(shown)
    assert "**Scripted** answers here" in text
    assert "It is the default." in text
    assert "- **GPT**: gpt-6, made by OpenAI" in text
    assert list(actions(shown)) == ["GPT here", "GPT always"]
    now = await two.presses(actions(shown)["GPT here"])
    assert "From now on GPT answers in this conversation." in words(now)
    assert "It was chosen for this conversation." in words(now)
    assert list(actions(now)) == ["Scripted here", "Scripted always", "GPT always", "The default"]
    assert (await answer(two)) == "GPT here."
    assert "**Scripted** answers here" in words(await two.presses(actions(now)["The default"]))


async def test_whoever_presses_always_in_a_channel_chooses_for_themselves(two: Desk) -> None:
    two.reference = CHANNEL
    shown = await two.says("model")
    await two.presses(actions(shown)["GPT always"], BEN)
    assert (await answer(two)) == "First here."
    two.reference = replace(CHANNEL, person=BEN)
    assert (await answer(two)) == "GPT here."


async def test_a_model_there_is_not_is_no_question_to_another_one(two: Desk) -> None:
    said = (await two.says("use Gemini for this")).text
    assert said == "I have no model called *gemini*. There is: *Scripted*, *GPT*."
    assert not two.provider.requests
    shown = await two.says("model")
    two.services = replace(two.services, models={"scripted": two.provider})
    assert "no longer there" in (await two.presses(actions(shown)["GPT here"])).text
    assert "the only one" in (await two.says("model")).text


async def test_a_choice_of_a_model_that_is_gone_is_none(two: Desk) -> None:
    await two.says("use GPT")
    two.services = replace(two.services, models={"scripted": two.provider})
    assert (await answer(two)) == "First here."


@pytest.mark.parametrize(
    "question",
    [
        "Use GPT or Claude for this contract?",
        "Which model are you using in the pump test?",
        "use the budget template for this",
        "Did Claude answer Tomas?",
        "Which model of pump does Kassel use?",
    ],
)
def test_a_question_about_models_is_a_question(question: str) -> None:
    assert router(["gpt", "claude"]).route(question) == (ask.COMMAND, question)
