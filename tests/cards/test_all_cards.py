"""Every card of the product, as it leaves: valid for Teams' version, named for screen readers, its buttons sealed, within limits."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards import kit
from bot.cards.seal import FIELD
from bot.cards.sources import sources_card
from bot.context import Outgoing
from bot.events.rated import offer as rated_offer
from bot.services import Turn
from bot.signin.cards import link_card
from bot.store.answers import Kept, Left, Read
from bot.teams.messages import activities
from bot.texts import Texts, languages
from bot.welcome import welcome
from tests.agent.fakes import ScriptedProvider, says
from tests.cards.schema import faults, parts
from tests.commands.conftest import desk
from tests.commands.desk import PERSONAL, SOFIA, Desk

__all__ = ["desk"]  # a fixture: pytest finds it by this import
QUESTION = "What is the budget of Heron?"
WISH = "every weekday at 8:30 a digest of my mail [x](https://evil.example)"
TYPED = (
    "model", "language", "my data", "my data: delete", "status", "memory", "sources", "digest", WISH, "digest: every day the news",
    "digests", "digests: open 1", "digests: edit 1", "digests: delete 1", "digests: history 1", "digests: wishes 1",
)  # fmt: skip
"""Commands that answer with a card."""
LINK = "https://parley.example/sign-in?x=1"


async def everything(desk: Desk, language: str) -> dict[str, Outgoing]:
    """All cards somebody can get to see, by what brings them up."""
    desk.reference = replace(PERSONAL, locale=language)
    desk.services = replace(
        desk.services, models={"scripted": desk.provider, "gpt": ScriptedProvider([], model="scripted-2")}
    )
    desk.shelf.put("Heron_budget [v2].xlsx", "The Heron budget is 485,000 EUR. Tomas approved it in November.")
    desk.provider.replies.append(says("It is 485,000 EUR [S1]."))
    await desk.says(QUESTION)
    await desk.says("remember: I prefer *short* answers")
    await desk.says("remember: [click](https://evil.example)")
    wish = await desk.says(WISH)
    assert wish.card is not None
    await desk.presses(wish.card["content"]["actions"][0])
    found = {words: await desk.says(words) for words in TYPED}
    (answer,) = await desk.services.answers.of_person(SOFIA.id)
    say = Texts(language)

    async def keep() -> None:
        pass

    turn = Turn(desk.incoming(""), desk.conversation, desk.services, keep, say)
    offered = await rated_offer(turn, answer)
    assert offered is not None
    found |= {"thumbs down": offered, "welcome": await welcome(desk.services, desk.reference, say)}
    return found | {"sign in": Outgoing("", card=link_card(LINK, say), links=(LINK,))}


@pytest.mark.parametrize("language", sorted(languages()))
async def test_all_cards_are_valid(desk: Desk, language: str) -> None:
    for name, message in (await everything(desk, language)).items():
        assert message.card is not None, name
        assert faults(message.card["content"]) == [], name
        (wire,) = activities(message, desk.reference)
        (attachment,) = wire["attachments"]
        assert faults(attachment["content"]) == [], f"{name}, after the gate"
        assert attachment["content"]["lang"] == language, name
        kinds = [part["type"] for part in parts(message.card["content"])]
        assert [part["type"] for part in parts(attachment["content"])] == kinds, f"the gate took something from {name}"


async def test_buttons_are_sealed_for_their_person_and_place(desk: Desk) -> None:
    sealed = 0
    for name, message in (await everything(desk, "en")).items():
        assert message.card is not None, name
        for action in parts(message.card["content"]):
            match action["type"]:
                case "Action.Execute":
                    click = desk.services.seal.open(action["data"], person_id=SOFIA.id, conversation_id=PERSONAL.id)
                    assert click.verb, name
                    assert list(action["data"]) == [FIELD], f"{name}: nothing stands beside the seal"
                    sealed += 1
                case "Action.Submit":
                    assert set(action["data"]) == {"msteams"}, name
                    assert action["data"]["msteams"]["type"] == "imBack", name
    assert sealed >= 6


_words = st.text(max_size=400)


@given(st.data())
@settings(max_examples=60)
def test_any_answers_sources_fit_a_card(data: st.DataObject) -> None:
    said = Desk.incoming(_bare(), data.draw(_words))
    read = st.builds(Read, _words, _words, st.just("mail"), _words, _words, _words, st.integers(0, 20))
    left = st.builds(Left, _words, _words)
    many: Any = {name: data.draw(st.lists(left, max_size=40)) for name in ("skipped", "failed")}
    words: Any = {name: data.draw(st.lists(_words, max_size=40)) for name in ("searched", "words")}
    kept = Kept(said, "x", "gpt", "gpt-1", read=tuple(data.draw(st.lists(read, max_size=40))), **many, **words)
    for language in languages():
        shown = sources_card(kept, Texts(language))
        assert faults(shown["content"]) == []


def _bare() -> Any:
    class Bare:
        reference = PERSONAL
        turns = 0

    return Bare()


def test_inputs_say_what_is_missing() -> None:
    fields = [
        kit.choice("model", "Model", [("GPT", "gpt")], chosen="gpt", required="Please choose one."),
        kit.typed("question", "Your question", required="Please ask something.", lines=True),
        kit.typed("note", "Note"),
        kit.facts([("Model", "GPT")]),
        kit.linked("a", "javascript:x", hint="b"),
    ]
    made = kit.card(fields, fallback="Ask", language="en", actions=[kit.says("Help", "help"), kit.link("Open", LINK)])
    assert faults(made["content"]) == []
    without = {**kit.typed("x", "X"), "isRequired": True}
    bad = kit.card([without, kit.link("a", LINK)], fallback="", language="english", actions=[kit.says("A", "a")] * 2)
    assert len(faults(bad["content"])) >= 4


def test_a_link_is_https_or_no_link() -> None:
    assert "selectAction" not in kit.linked("a", "http://x.example", hint="b")
    assert kit.linked("a", "https://x.example", hint="b")["selectAction"]["title"] == "b"
