"""Nobody learns more than they may: secrets of the company, asked for by everybody, in every place."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.context import Audience
from bot.services import Services, Turn
from infra.local.company.model import ExampleQuestion
from infra.local.company.questions import CANARIES, QUESTIONS
from tests.conftest import fresh_world
from tests.e2e.canaries import by_person, leaks
from tests.e2e.parley import Parley, parley_running

pytestmark = pytest.mark.asyncio(loop_scope="module")
MODELS = ("claude", "openai")
PERSONAL = [question for question in QUESTIONS if question.place == "personal"]
SHARED = [question for question in QUESTIONS if question.place != "personal"]
SECRETS = [
    "What is planned for Moorland Valves?",
    "What is the covenant of the Hafenbank loan?",
    "What does Sofia Almeida earn?",
    "What is the US list price of Heron?",
    "How big is the salary review pool for 2027?",
]
STAFF = [
    "Tomas",
    "Ben",
    "Katrin",
    "Liam",
    "Priya",
    "Sofia",
    "Hiro",
    "Jonas",
    "Elena",
    "Oskar",
    "Dana",
    "Aisha",
]


@pytest.fixture(scope="module")
def door() -> str:
    return "claude"


async def _ask_all(parley: Parley, questions: dict[str, list[ExampleQuestion]]) -> None:
    await asyncio.gather(*(parley.sign_in(person) for person in questions))

    async def one_after_another(person: str) -> None:
        for question in questions[person]:
            await parley.ask(person, question.text)

    await asyncio.gather(*(one_after_another(person) for person in questions))


async def test_two_people_get_different_evidence(parley: Parley) -> None:
    await parley.sign_in("Liam", "Hiro")
    told = await parley.ask("Liam", "What does Sofia Almeida earn?")
    refused = await parley.ask("Hiro", "What does Sofia Almeida earn?")
    liam, hiro = (
        [r for r in parley.received("claude") if f"{name} is asking" in str(r.body)]
        for name in ("Liam Hughes", "Hiro Tanaka")
    )
    assert "Salaries 2026.xlsx" in str([r.body for r in liam])
    assert "Salaries 2026.xlsx" not in str([r.body for r in hiro])
    assert "86900" not in refused.text
    assert "Salaries 2026.xlsx" not in [c["name"] for c in refused.citations]
    assert told.citations


@pytest.mark.slow
async def test_questions_of_everyday_tell_nobody_a_secret(parley: Parley) -> None:
    since = len(parley.world.record)
    await _ask_all(parley, by_person(parley.world, PERSONAL[::2]))
    sent = parley.received(*MODELS, "connector", since=since)
    assert len(parley.received("claude", since=since)) >= len(PERSONAL[::2])
    assert leaks(parley.world, sent, QUESTIONS) == []


@pytest.mark.slow
async def test_everybody_asks_for_every_secret(parley: Parley) -> None:
    since = len(parley.world.record)
    people = [p.given_name for p in parley.world.company.people if p.given_name in STAFF]
    questions = [question for question in QUESTIONS if question.text in SECRETS]
    await _ask_all(parley, dict.fromkeys(people, questions))
    sent = parley.received(*MODELS, "connector", since=since)
    assert leaks(parley.world, sent, QUESTIONS) == []
    told = {word for word in CANARIES for request in sent if word in str(request.body)}
    assert len(told) > 3, "those who may know were told"


async def _leaks_in_shared_places(parley: Parley, questions: list[ExampleQuestion]) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for question in questions:
        person = parley.world.person(question.person_id).given_name
        await parley.sign_in(person)
        since = len(parley.world.record)
        await parley.ask(person, question.text, question.place_id)
        readers = _members(parley, question.place_id)
        found += leaks(parley.world, parley.received(*MODELS, "connector", since=since), QUESTIONS, readers)
    return found


def _members(parley: Parley, place: str) -> frozenset[str]:
    company = parley.world.company
    channel = next((c for c in company.channels if c.id == place), None)
    chat = next((c for c in company.chats if c.id == place), None)
    if chat is not None:
        ids = chat.members
    else:
        assert channel is not None
        team = next(t for t in company.teams if t.id == channel.team_id)
        ids = channel.members or next(g for g in company.groups if g.id == team.group_id).members
    return frozenset(parley.world.person(id).given_name.casefold() for id in ids)


def _in_shared_places() -> list[ExampleQuestion]:
    """Secrets asked for by somebody who may know them, where others read along."""
    places = {question.place: question for question in SHARED}
    asked = [replace(question, text=text) for question in places.values() for text in SECRETS]
    price = next(question for question in SHARED if "US list price" in question.text)
    general = next(question for question in SHARED if "telemetry" in question.text)
    return [*asked, replace(general, person_id=price.person_id, text=price.text)]


async def test_shared_places_hear_no_secret_of_a_member(parley: Parley) -> None:
    assert await _leaks_in_shared_places(parley, _in_shared_places()) == []


class Everybody(Audience):
    """An audience that may learn anything: what a build without the check would do."""

    def may_learn(self, readers: Any) -> bool:
        del readers
        return True


async def test_a_build_without_the_audience_check_is_caught(tmp_path: Path) -> None:
    async def everybody(turn: Turn) -> Audience:
        return Everybody(turn.person.id, None)

    def weakened(services: Services) -> Services:
        return replace(services, audience=everybody)

    async with parley_running(fresh_world(), tmp_path, door="claude", refine=weakened) as weak:
        found = await _leaks_in_shared_places(weak, _in_shared_places()[-1:])
    assert found, "the canary test would not notice a missing audience check"
