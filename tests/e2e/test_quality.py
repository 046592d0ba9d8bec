"""How good the answers are: every example question through the whole path, in its own place, with the offline model."""

import asyncio

import pytest

from infra.local.company.model import ExampleQuestion
from infra.local.company.questions import QUESTIONS
from infra.local.teams import SeenMessage
from tests.e2e.canaries import by_person
from tests.e2e.parley import Parley

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]
LEAST_CITED = 0.9
LEAST_WORDS = 0.85
AT_ONCE = 4


async def test_most_answers_cite_the_right_source_and_contain_the_right_words(parley: Parley) -> None:
    answers: dict[str, SeenMessage] = {}

    few = asyncio.Semaphore(AT_ONCE)

    async def one_after_another(person: str, questions: list[ExampleQuestion]) -> None:
        await parley.sign_in(person)
        for question in questions:
            async with few:
                answers[question.text] = await parley.ask(person, question.text, question.place_id or "personal")

    asked = by_person(parley.world, QUESTIONS)
    await asyncio.gather(*(one_after_another(person, questions) for person, questions in asked.items()))

    answerable = [question for question in QUESTIONS if question.sources]
    cited = [question for question in answerable if _cites(question, answers[question.text])]
    worded = [question for question in answerable if all(w in answers[question.text].text for w in question.expect)]
    missed = [question.text for question in answerable if question not in cited or question not in worded]
    print(f"{len(cited)} of {len(answerable)} cite an expected source, {len(worded)} hold the expected words", missed)
    assert len(cited) >= LEAST_CITED * len(answerable), missed
    assert len(worded) >= LEAST_WORDS * len(answerable), missed
    for question in QUESTIONS:
        if not question.sources:
            assert answers[question.text].citations == [], question.text


def _cites(question: ExampleQuestion, answer: SeenMessage) -> bool:
    return any(citation["name"] in question.sources for citation in answer.citations)
