"""Two models side by side, with what happens around the question itself; at the wire: tests/e2e/test_two_heads.py."""

import json
from dataclasses import replace

import pytest

from bot.answer.comparing import second
from bot.context import StopRequested
from bot.services import Turn
from providers.base import Response
from providers.errors import Overloaded
from tests.agent.fakes import ScriptedProvider, says
from tests.commands.desk import PERSONAL, Desk

THIRD = json.dumps({"agree": ["The seal holds 412 hours."], "differ": [], "only_first": [], "only_second": []})
QUESTION = "How long does the seal hold?"


@pytest.fixture
def two(desk: Desk) -> Desk:
    gpt = ScriptedProvider([says("It holds 412 hours [S1].")])
    gpt.door, gpt.model = "openai", "gpt-6"
    desk.provider.replies += [says("412 hours [S1], I think."), says(THIRD)]
    desk.services = replace(desk.services, models={**desk.services.models, "gpt": gpt})
    desk.shelf.put("Seal test", "The RS-14 seal holds 412 hours.")
    return desk


def gpt(desk: Desk) -> ScriptedProvider:
    found = desk.services.models["gpt"]
    assert isinstance(found, ScriptedProvider)
    return found


async def test_both_are_shown_as_they_grow_and_kept_with_all_they_cost(two: Desk) -> None:
    told = await two.says(f"compare: {QUESTION}")
    assert told.text.startswith("**Scripted** · *scripted-1-2026*\n\n412 hours [1], I think.")
    assert "**GPT** · *scripted-1-2026*\n\nIt holds 412 hours [1]." in told.text
    assert "Both say:\n\n- The seal holds 412 hours." in told.text
    assert "".join(two.conversation.shown.deltas) == (
        "**Scripted**\n\n412 hours [1], I think.\n\n**GPT**\n\nIt holds 412 hours [1]."
    )
    assert two.conversation.shown.statuses[-2:] == ["Asking Scripted and GPT…", "Comparing both answers…"]
    assert [tool.name for tool in two.provider.requests[0].tools] == []
    assert two.provider.requests[0].messages == gpt(two).requests[0].messages, "the same evidence"
    answer = await two.services.answers.latest(PERSONAL.id, PERSONAL.person.id)
    assert answer is not None
    assert (answer.kept.usage.input, answer.kept.usage.output) == (30, 6)
    assert answer.kept.text == told.text
    assert [read.position for read in answer.kept.read] == [1]


async def test_words_are_understood_in_both_languages(two: Desk) -> None:
    two.reference = replace(PERSONAL, locale="de-DE")
    two.provider.replies[1:] = [says(THIRD)]
    told = await two.says(f"Vergleiche: {QUESTION}")
    assert "Beide sagen:" in told.text
    assert "Deutsch" in two.provider.requests[-1].system
    assert (await two.says("vergleiche")).text.startswith("Schreiben Sie Ihre Frage dahinter")
    assert "compare: which supplier" in (await replaced(two).says("compare")).text


def replaced(desk: Desk) -> Desk:
    desk.reference = PERSONAL
    return desk


async def test_alone_a_model_answers_and_says_so(desk: Desk) -> None:
    desk.provider.replies += [says("Here I am.")]
    told = await desk.says(f"compare: {QUESTION}")
    assert told.text == "Here I am."
    assert told.notices[0] == "Not compared: Scripted is the only model I may ask here."


async def test_the_quicker_one_is_not_held_up_by_one_that_says_nothing(two: Desk) -> None:
    two.provider.replies[:] = [Overloaded("Busy.")]
    told = await two.says(f"compare: {QUESTION}")
    assert told.text.startswith("**GPT** · ")
    assert told.notices[0].startswith("Scripted gave no answer: ")
    assert told.model == "scripted-1-2026"


@pytest.mark.parametrize("bad", [says("They agree."), Overloaded("Busy.")])
async def test_when_the_first_cannot_compare_the_other_does(two: Desk, bad: Response | Exception) -> None:
    two.provider.replies[1:] = [bad]
    gpt(two).replies += [says(THIRD)]
    told = await two.says(f"compare: {QUESTION}")
    assert "Both say:\n\n- The seal holds 412 hours." in told.text


async def test_stopped_by_the_stream_itself(two: Desk) -> None:
    two.stop = StopRequested()
    told = await two.says(f"compare: {QUESTION}")
    assert told.notices == ("Stopped.",)
    assert len(two.provider.requests) == 1, "nobody compares what was stopped"
    answer = await two.services.answers.latest(PERSONAL.id, PERSONAL.person.id)
    assert answer is not None
    assert answer.kept.ending == "stopped"
    assert answer.kept.usage.input > 100


async def test_the_model_beside_is_one_behind_another_door(two: Desk) -> None:
    twin = ScriptedProvider([])
    two.services = replace(
        two.services, models={"scripted": two.provider, "twin": twin, "gpt": two.services.models["gpt"]}
    )
    said = two.incoming("x")
    turn = Turn(said, two.conversation, two.services, lambda: two.services.preferences.forget(""))
    assert await second(turn, "scripted") == "gpt"
    two.services = replace(two.services, models={"scripted": two.provider, "twin": twin})
    assert await second(replace(turn, services=two.services), "scripted") == "twin"
