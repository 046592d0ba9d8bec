"""An answer that was checked, with what happens around the question itself; at the wire: tests/e2e/test_two_heads.py."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.context import StopRequested
from providers.base import Evidence
from providers.errors import Overloaded
from tests.agent.fakes import ScriptedProvider, says
from tests.commands.desk import PERSONAL, Desk

QUESTION = "How long does the seal hold?"
GOOD = {"number": 1, "verdict": "supported", "source": "S1", "quote": "holds 412 hours", "correction": ""}
BAD = {"number": 2, "verdict": "unsupported", "source": "", "quote": "", "correction": ""}


def form(*judged: Mapping[str, Any], missing: Any = ()) -> str:
    return json.dumps({"statements": judged, "missing": missing})


@pytest.fixture
def two(desk: Desk) -> Desk:
    gpt = ScriptedProvider([says(form(GOOD, BAD))])
    gpt.door, gpt.model = "openai", "gpt-6"
    desk.provider.replies += [says("It holds 412 hours [S1]. It is blue.")]
    desk.services = replace(desk.services, models={**desk.services.models, "gpt": gpt})
    desk.shelf.put("Seal test", "The RS-14 seal holds 412 hours. It was tested in May.")
    return desk


def gpt(desk: Desk) -> ScriptedProvider:
    found = desk.services.models["gpt"]
    assert isinstance(found, ScriptedProvider)
    return found


async def test_what_nothing_bears_out_goes_and_is_told(two: Desk) -> None:
    told = await two.says(f"review: {QUESTION}")
    assert told.text == (
        "It holds 412 hours [1].\n\n**What scripted-1-2026 changed**\n\n"
        "- Taken out, as no source says so: “It is blue.”"
    )
    assert told.notices == ("scripted-1-2026 checked 2 statements against the sources: 1 change.",)
    assert two.conversation.shown.deltas == [], "the draft is never shown"
    assert two.conversation.shown.statuses[-2:] == ["Scripted is writing a draft…", "Checking 2 statements…"]
    asked = gpt(two).requests[0]
    assert asked.schema is not None
    assert "1. It holds 412 hours [S1].\n2. It is blue." in [
        part.text for part in asked.messages[-1].parts if isinstance(part, Evidence)
    ]
    answer = await two.services.answers.latest(PERSONAL.id, PERSONAL.person.id)
    assert answer is not None
    assert (answer.kept.usage.input, answer.kept.usage.output) == (20, 4)
    recent = await two.services.transcripts.recent(PERSONAL.id, turns=1)
    assert recent.turns[0].messages[-1].text == "It holds 412 hours [1].", "what was taken out is not remembered"


async def test_words_are_understood_in_both_languages(two: Desk) -> None:
    two.reference = replace(PERSONAL, locale="de-DE")
    assert "Gestrichen, weil es in keiner Quelle steht" in (await two.says(f"prüfe: {QUESTION}")).text
    assert (await two.says("prüfe")).text.startswith("Schreiben Sie Ihre Frage dahinter")


async def test_what_was_left_out_is_added(two: Desk) -> None:
    found = {"sentence": "It was tested in May.", "source": "S1", "quote": "tested in May"}
    gpt(two).replies[:] = [says(form(GOOD, BAD, missing=[found]))]
    told = await two.says(f"review: {QUESTION}")
    assert "Also in the sources:\n\n- It was tested in May. [1]" in told.text
    assert told.notices[0].endswith("2 changes.")


async def test_when_nothing_stands_there_is_no_answer(two: Desk) -> None:
    gpt(two).replies[:] = [says(form({**BAD, "number": 1}, BAD))]
    told = await two.says(f"review: {QUESTION}")
    assert told.text.startswith("Nothing of what was drafted is borne out")
    assert told.citations == ()


async def test_a_reviewer_that_fails_is_said_and_the_next_one_asked(two: Desk) -> None:
    third = ScriptedProvider([says("Fine!")])
    third.door = "compatible"
    two.services = replace(two.services, models={**two.services.models, "third": third})
    gpt(two).replies[:] = [Overloaded("Busy.")]
    told = await two.says(f"review: {QUESTION}")
    assert told.text == "It holds 412 hours [1]. It is blue."
    assert told.notices == ("Not reviewed: Third gave no usable review.",)
    assert len(third.requests) == 1


async def test_alone_a_model_answers_and_says_that_nobody_checked(desk: Desk) -> None:
    desk.provider.replies += [says("Here I am.")]
    told = await desk.says(f"review: {QUESTION}")
    assert told.text == "Here I am."
    assert told.notices[0].startswith("Not reviewed: there is no second model")


async def test_stopped_while_it_is_checked(two: Desk) -> None:
    class Stops(ScriptedProvider):
        async def stream(self, request: Any) -> Any:
            self.requests.append(request)
            yield "{"
            raise StopRequested

    two.services = replace(two.services, models={"scripted": two.provider, "gpt": Stops([])})
    told = await two.says(f"review: {QUESTION}")
    assert (told.text, told.notices) == ("", ("Stopped.",))
