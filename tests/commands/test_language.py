"""The language of the fixed texts: that of Teams, or the one somebody chose."""

from dataclasses import replace

import pytest

from bot.app import router
from bot.cards.seal import NotOurs
from bot.commands import ask
from bot.context import Person, Place
from tests.commands.cards import actions, words
from tests.commands.desk import PERSONAL, Desk

BEN = Person("ben-id", "Ben", "tenant-1", "29:ben")


@pytest.mark.parametrize(
    "said", ["language: deutsch", "Speak German, please.", "Sprich Deutsch!", "/language de", "sprache: German"]
)
async def test_words_choose_it(desk: Desk, said: str) -> None:
    assert (await desk.says(said)).text == "Ab jetzt spreche ich Deutsch mit Ihnen."
    assert (await desk.says("new")).text.startswith("Erledigt: Ich habe vergessen")
    assert (await desk.says("sprich englisch")).text == "From now on I speak English with you."


async def test_teams_decides_until_somebody_does(desk: Desk) -> None:
    desk.reference = replace(PERSONAL, locale="de-AT")
    assert "Ich beantworte Fragen" in (await desk.says("help")).text
    await desk.says("language: english")
    assert "I answer questions" in (await desk.says("help")).text
    assert "Deutsch" in (await desk.says("language: default")).text
    assert "Ich beantworte Fragen" in (await desk.says("help")).text


async def test_the_cards_buttons_choose_it(desk: Desk) -> None:
    shown = await desk.says("language")
    assert "I speak English with you." in words(shown)
    assert list(actions(shown)) == ["Deutsch", "English"]
    now = await desk.presses(actions(shown)["Deutsch"])
    assert "Ab jetzt spreche ich Deutsch mit Ihnen." in words(now)
    assert now.card is not None
    assert now.card["content"]["lang"] == "de"
    assert list(actions(now)) == ["English", "Wie in Teams"]
    assert "English" in words(await desk.presses(actions(now)["Wie in Teams"]))


async def test_nobody_else_may_press_them(desk: Desk) -> None:
    desk.reference = replace(PERSONAL, id="19:ops@thread.tacv2;messageid=1", place=Place.CHANNEL)
    shown = await desk.says("language")
    with pytest.raises(NotOurs):
        await desk.presses(actions(shown)["Deutsch"], BEN)


async def test_a_language_there_is_not(desk: Desk) -> None:
    assert (
        await desk.says("language: [Klingon](x)")
    ).text == "I don't speak *klingonx* yet. There is: *Deutsch*, *English*."


async def test_who_is_nobody_has_no_choice(desk: Desk) -> None:
    desk.reference = replace(PERSONAL, person=Person("", "Guest", "tenant-1", "29:guest"))
    assert "guest without an account" in (await desk.says("language: de")).text


@pytest.mark.parametrize(
    "question", ["In German?", "Speak German at the fair?", "Which languages do our manuals come in?"]
)
def test_a_question_about_languages_is_a_question(question: str) -> None:
    assert router().route(question) == (ask.COMMAND, question)
