"""The other model gets the same question and evidence, not the first answer; both answers stay, and both are remembered."""

from dataclasses import replace
from typing import Any

import pytest

from bot.commands import other_model
from bot.context import Outgoing, Place
from bot.services import Turn
from tests.agent.fakes import ScriptedProvider, says
from tests.commands.desk import PERSONAL, SOFIA, Desk

BUDGET = "The Heron budget is 485,000 EUR. Tomas approved it in November."
QUESTION = "What is the budget of Heron?"


@pytest.fixture
def second(desk: Desk) -> ScriptedProvider:
    provider = ScriptedProvider([], model="scripted-2")
    desk.services = replace(desk.services, models={"scripted": desk.provider, "gpt": provider})
    desk.shelf.put("Heron budget.xlsx", BUDGET)
    return provider


async def test_the_same_question_and_evidence_go_to_the_next_model(desk: Desk, second: ScriptedProvider) -> None:
    desk.provider.replies += [says("Good morning."), says("It is 485,000 EUR [S1].")]
    second.replies.append(says("485,000 EUR, as Tomas approved [S1]."))
    await desk.says("Hello there")
    first = await desk.says(QUESTION)
    assert first.suggestions[-1] == "Try with GPT"
    said = await desk.says(first.suggestions[-1])

    assert said.text.startswith("GPT on: ")
    assert QUESTION in said.text
    assert said.text.endswith("485,000 EUR, as Tomas approved [1].")
    (request,) = second.requests
    assert [m.text for m in request.messages[:2]] == ["Hello there", "Good morning."]
    assert "It is 485,000 EUR" not in str(request.messages)
    assert request.messages[-1].parts == desk.provider.requests[1].messages[-1].parts

    both = [a for a in await desk.services.answers.of_person(SOFIA.id) if a.kept.turn_id == "turn-2"]
    assert {(a.message_id, a.kept.model) for a in both} == {("answer-2", "scripted"), ("answer-3", "gpt")}
    recent = await desk.services.transcripts.recent(PERSONAL.id, turns=9, before="")
    assert [turn.turn_id for turn in recent.turns] == ["turn-1", "turn-2"]
    assert [m.text for m in recent.turns[1].messages if m.role == "assistant"] == [
        "It is 485,000 EUR [1].",
        "485,000 EUR, as Tomas approved [1].",
    ]


@pytest.mark.parametrize("words", ["other model", "Other", "ask the other model", "other model: GPT", "Anderes Modell"])
async def test_it_may_be_typed(desk: Desk, second: ScriptedProvider, words: str) -> None:
    desk.provider.replies.append(says("It is 485,000 EUR [S1]."))
    second.replies.append(says("The same."))
    await desk.says(QUESTION)
    assert (await desk.says(words)).text.endswith("The same.")
    assert len(second.requests) == 1


async def test_it_says_why_it_cannot(desk: Desk, second: ScriptedProvider) -> None:
    assert "no answer here yet" in (await desk.says("other model")).text
    desk.provider.replies.append(says("It is 485,000 EUR [S1]."))
    await desk.says(QUESTION)
    assert "Scripted, GPT" in (await desk.says("other model: gemini")).text
    desk.services = replace(desk.services, models={"scripted": desk.provider})
    assert "only one model" in (await desk.says("other model")).text
    assert not second.requests


async def test_with_one_model_there_is_no_button(desk: Desk) -> None:
    desk.shelf.put("Heron budget.xlsx", BUDGET)
    desk.provider.replies.append(says("It is 485,000 EUR [S1]."))
    assert not [s for s in (await desk.says(QUESTION)).suggestions if s.startswith("Try with")]


async def test_somebody_else_asks_with_their_own_rights(desk: Desk, second: ScriptedProvider) -> None:
    members = frozenset({SOFIA.id, "ben-id"})
    desk.reference, desk.members, desk.shelf.readable_by = replace(PERSONAL, place=Place.GROUP), members, members
    desk.provider.replies.append(says("It is 485,000 EUR [S1]."))
    await desk.says(QUESTION)
    ben = replace(SOFIA, id="ben-id", name="Ben", channel_id="29:ben")
    desk.reference = replace(desk.reference, person=ben)
    desk.sign_in.grants.add("ben-id")
    second.replies.append(says("The same."))
    await desk.says("other model")
    assert {person for person, _ in desk.sign_in.asked[-2:]} == {"ben-id"}
    assert "Ben is asking" in str(second.requests[0].messages)


class Marked:
    """A conversation that notes updates."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.updated = inner, list[tuple[str, Outgoing]]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def update(self, id: str, message: Outgoing) -> None:
        self.updated.append((id, message))


async def test_the_offer_is_taken_once_seen(desk: Desk, second: ScriptedProvider) -> None:
    desk.provider.replies.append(says("It is 485,000 EUR [S1]."))
    second.replies.append(says("The same."))
    await desk.says(QUESTION)
    said = replace(desk.incoming(""), reply_to="card-1")
    conversation = Marked(desk.conversation)
    desk.conversation.shown.finished.clear()

    async def keep() -> None:
        pass

    turn = Turn(said, conversation, desk.services, keep)
    await other_model.clicked(turn, {"message": "answer-1", "model": "gpt", "inputs": {}})
    assert [(id, m.text) for id, m in conversation.updated] == [("card-1", "Asking GPT…")]
    assert desk.conversation.shown.finished[0].text.endswith("The same.")
    await other_model.clicked(turn, {"message": "answer-9", "model": "gpt", "inputs": {}})
    assert "no longer have the question" in desk.conversation.shown.finished[1].text
