"""Which model answers: for a conversation, for a person always, by words and by buttons."""

from dataclasses import replace

import pytest

from bot.app import router
from bot.commands import ask
from bot.context import Person, Place
from bot.labels import LabelRules
from bot.labels import Rule as LabelRule
from bot.policy.rules import Asker, Policy, Rule, Targets
from bot.policy.table import Row
from bot.services import Turn
from graph.errors import ConsentRequired, SignInNeeded
from tests.agent.fakes import ScriptedProvider, says
from tests.commands.cards import actions, words
from tests.commands.desk import PERSONAL, SOFIA, Desk

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
    assert list(actions(shown)) == ["GPT here", "GPT always", "Automatic here", "Automatic always"]
    now = await two.presses(actions(shown)["GPT here"])
    assert "From now on GPT answers in this conversation." in words(now)
    assert "It was chosen for this conversation." in words(now)
    automatic = ["Automatic here", "Automatic always"]
    assert list(actions(now)) == ["Scripted here", "Scripted always", "GPT always", *automatic, "The default"]
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


NO_GPT = Rule("No GPT in channels", places=frozenset({"channel"}), deny=Targets(models=frozenset({"gpt"})))
NOBODY = Rule("Nothing at all", deny=Targets())
TABLE = (Row("Long", question_from=60, use="gpt"), Row("small_talk", task=frozenset({"small_talk"}), use="gpt"))


def ruled(desk: Desk, *rules: Rule, default: str = "") -> None:
    desk.services = replace(desk.services, policy=Policy(rules, default=default, table=TABLE))


async def test_what_may_not_answer_here_is_not_offered_and_the_rule_is_named(two: Desk) -> None:
    ruled(two, NO_GPT)
    two.reference = CHANNEL
    shown = await two.says("model")
    assert "- **GPT**: not here, by your organisation's rule “No GPT in channels”" in words(shown)
    assert actions(shown) == {}
    said = (await two.says("use GPT")).text
    assert said.startswith("GPT may not answer here: your organisation's rule “No GPT in channels” forbids it.")
    assert "You can choose: *Scripted*." in said
    assert "wherever it may" in (await two.says("always use GPT")).text
    answered = await two.says(QUESTION)
    assert answered.text == "First here."
    assert answered.notices[0].startswith("GPT was chosen, but your organisation's rule “No GPT in channels” forbids")
    assert not [button for button in answered.suggestions if "GPT" in button]
    assert "forbids it here, so Scripted answers." in words(await two.says("model"))
    two.reference = PERSONAL
    answered = await two.says(QUESTION)
    assert (answered.text, [one for one in answered.notices if "chosen" in one]) == ("GPT here.", [])


async def test_where_nothing_may_answer_the_rule_is_named_and_nothing_asked(two: Desk) -> None:
    ruled(two, NOBODY)
    assert "your organisation's rule “Nothing at all” forbids it" in (await two.says(QUESTION)).text
    assert "No model may answer you here: your organisation's rule “Nothing at all”" in words(await two.says("model"))
    two.reference = replace(PERSONAL, locale="de-DE")
    assert "die Regel „Nothing at all“ Ihrer Organisation" in (await two.says("hello")).text
    assert not two.provider.requests


async def test_the_default_that_may_not_answer_is_replaced_without_a_word(two: Desk) -> None:
    ruled(two, Rule("Not the first", deny=Targets(models=frozenset({"scripted"}))))
    answered = await two.says(QUESTION)
    assert (answered.text, [one for one in answered.notices if "rule" in one]) == ("GPT here.", [])


async def test_auto_chooses_by_the_table_and_says_why(two: Desk) -> None:
    ruled(two)
    assert (await two.says("model: auto")).text == "From now on Automatic answers in this conversation."
    assert (await answer(two)) == "First here."
    shown = words(await two.says("model"))
    assert "**Automatic**: for each question, the first of these rows that fits names who answers." in shown
    assert "Long: **GPT**" in shown
    assert "Your last question here was answered by Scripted, by the row “everything else”." in shown
    assert (
        await two.says("What is the budget of Heron, and who of us is it that has agreed to it?")
    ).text == "GPT here."
    assert "answered by GPT, by the row “Long”." in words(await two.says("model"))
    assert (await two.says("thanks!")).text == "GPT here."
    assert "by the row “Greetings and thanks”" in words(await two.says("model"))
    assert "Automatic. It was chosen for this conversation." in words(await two.says("status"))
    assert "by the row “Greetings and thanks”" in words(await two.says("status"))
    assert (await two.says("use the default model")).text == "From now on the default answers again: Scripted."


async def test_auto_can_be_the_default_and_be_chosen_always(two: Desk) -> None:
    ruled(two, NO_GPT, default="auto")
    assert (await two.says("thanks!")).text == "GPT here."
    shown = await two.says("model")
    assert "It is the default." in words(shown)
    assert list(actions(shown)) == ["Scripted here", "Scripted always", "GPT here", "GPT always"]
    now = await two.presses(actions(shown)["Scripted here"])
    assert "Automatic always" in actions(now)
    assert "From now on Automatic answers you everywhere." in words(await two.presses(actions(now)["Automatic always"]))
    two.reference = CHANNEL
    assert (await two.says("thanks!")).text == "First here.", "the row's model may not answer in channels"


async def test_the_table_may_look_at_what_was_found(two: Desk) -> None:
    """A label the first model may not read leads to one that may; there it is looked for once more."""
    plan = two.shelf.put("Heron plan", "The budget of Heron is 485,000 EUR.")
    two.shelf.documents[plan.id] = plan.labelled("Inner")
    labels = LabelRules.of((), {"Inner": LabelRule(doors=("openai",))})
    table = (Row("Inner matters", labels=frozenset({"inner"}), use="gpt"),)
    two.services = replace(two.services, policy=Policy(default="auto", table=table, labels=labels))
    answered = await two.says(QUESTION)
    assert answered.text == "GPT here."
    assert not two.provider.requests
    assert not [notice for notice in answered.notices if "Inner" in notice]
    assert "by the row “Inner matters”" in words(await two.says("model"))


async def test_somebody_the_rules_cannot_know_signs_in_first_and_is_asked_for_a_missing_permission(two: Desk) -> None:
    ruled(two, Rule("Finance only", groups=frozenset({"g"}), deny=Targets()))
    known = {"asker": Asker(SOFIA, needed=SignInNeeded("Nobody is signed in."))}
    offered: list[ConsentRequired] = []

    async def asker(_: Person) -> Asker:
        return known["asker"]

    async def offer(_: Turn, needed: ConsentRequired) -> None:
        offered.append(needed)

    two.services = replace(two.services, asker=asker, offer_consent=offer)
    await two.says("thanks!")
    assert (two.kept, len(two.asked_to_sign_in)) == (["thanks!"], 1)
    known["asker"] = Asker(SOFIA, needed=ConsentRequired("No.", scopes=("User.Read",)))
    assert "“Finance only”" in (await two.says("thanks!")).text
    assert [needed.scopes for needed in offered] == [("User.Read",)]
    known["asker"] = Asker(SOFIA, frozenset(), frozenset())
    assert (await two.says("thanks!")).text == "First here."
