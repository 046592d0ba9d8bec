"""What hangs on an answer, at the wire: thumbs, the other model, sources, follow-ups; and clicks that are not what they seem."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.cards.seal import FIELD
from bot.commands.other_model import OTHER
from bot.services import Services
from bot.store.feedback import THUMB
from infra.local.connector_state import personal_chat
from infra.local.teams import SeenMessage
from infra.local.vendors.script import Reply
from tests.conftest import fresh_world
from tests.e2e.conftest import patient
from tests.e2e.parley import Parley, citing, parley_running

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUESTION = "What does the casting tool from Brenta cost?"
MODELS = "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6"


@dataclass(slots=True)
class Desk:
    parley: Parley
    database: Path
    services: list[Services] = field(default_factory=list)

    def admitted(self) -> int:
        with closing(sqlite3.connect(self.database)) as connection:
            return int(connection.execute("SELECT count(*) FROM inbox").fetchone()[0])

    async def press(self, person: str, data: Any, chat: str = "personal", **more: Any) -> Any:
        value = {"action": {"type": "Action.Execute", "verb": "", "data": data}, "trigger": "manual"}
        status, body = await self.parley.teams.invoke(person, "adaptiveCard/action", value, chat, **more)
        assert status == 200, body
        assert (body["statusCode"], body["type"]) == (200, "application/vnd.microsoft.activity.message")
        return body["value"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("store")
    kept: list[Services] = []

    def refine(services: Services) -> Services:
        kept.append(patient(services))
        return kept[-1]

    async with parley_running(fresh_world(), folder, door="claude", refine=refine, models=MODELS) as parley:
        await parley.sign_in("sofia")
        yield Desk(parley, folder / "parley.db", kept)


async def answered(desk: Desk, words: str = QUESTION) -> SeenMessage:
    desk.parley.world.state["script"] = [citing("The tool costs 27,400 EUR", "27,400")]
    return await desk.parley.ask("sofia", words)


async def test_a_thumb_is_kept_and_the_other_model_offered_once(desk: Desk) -> None:
    teams, services = desk.parley.teams, desk.services[0]
    sofia = desk.parley.world.person("sofia")
    first = await answered(desk)
    titles = [action["title"] for action in first.activity["suggestedActions"]["actions"]]
    assert titles[-2:] == ["Sources", "Try with GPT"]
    assert len(titles) == 3

    assert await teams.feedback("sofia", first, "dislike", "wrong year") == (200, {})
    offer = await teams.answer_to(
        {"id": first.id, "conversation": {"id": first.conversation_id}}, until=lambda m: bool(m.attachments)
    )
    (opinion,) = await services.feedback.of_person(sofia.id)
    assert (opinion.message_id, opinion.kind, opinion.liked, opinion.text) == (first.id, THUMB, False, "wrong year")
    (action,) = offer.card()["actions"]
    assert action["title"] == "Try with GPT"

    desk.parley.world.state["script"] = [citing("GPT says 27,400 EUR", "27,400")]
    assert await desk.press("sofia", action["data"], reply_to=offer.id) == "One moment…"
    second = await teams.answer_to(
        {"id": offer.id, "conversation": {"id": first.conversation_id}}, until=lambda m: m.ai_label
    )
    assert second.text.startswith("GPT on: What does the casting tool")
    assert "gpt-5.6" in second.text
    shown = {message.id: message for message in teams.seen(first.conversation_id)}
    assert shown[first.id].text == first.text, "the first answer stays"
    assert shown[offer.id].text == "Asking GPT…"

    for reaction in ("like", "dislike"):
        assert await teams.feedback("sofia", first, reaction) == (200, {})
    await desk.parley.ask("sofia", "Hello")  # the thumbs are done by then: a conversation is answered in order
    assert len([o for o in await services.feedback.of_person(sofia.id) if o.message_id == first.id]) == 1
    assert "Shall GPT try" not in str([m.attachments for m in teams.seen(first.conversation_id)]), "offered once"


async def test_sources_are_shown_on_request(desk: Desk) -> None:
    await answered(desk)
    shown = await desk.parley.teams.answer_to(await desk.parley.teams.say("sofia", "Sources"), until=_has_card)
    card = shown.card()
    links = [item["selectAction"]["url"] for item in card["body"] if "selectAction" in item]
    assert links
    assert all(link.startswith(("https://sharepoint.tidewell", "https://outlook.office365.com/")) for link in links)
    assert "What I searched" in str(card)
    assert card["fallbackText"]


async def test_a_follow_up_is_asked_as_it_stands(desk: Desk) -> None:
    first = await answered(desk)
    question = first.activity["suggestedActions"]["actions"][0]
    assert question["type"] == "imBack"
    desk.parley.world.state["script"] = [citing("It was Brenta", "")]
    assert (await desk.parley.ask("sofia", question["value"])).citations, "it is answered from what was read"


async def test_in_a_channel_a_button_needs_no_mention_and_other_words_do(desk: Desk) -> None:
    teams, world = desk.parley.teams, desk.parley.world
    teams.grant("sofia", "General")
    world.state["script"] = [Reply(text="It is so.")]
    first = await desk.parley.ask("sofia", "Which port does the gateway use?", "General")
    thread = first.conversation_id.split("=")[1]
    async with asyncio.timeout(20):  # the answer is seen a moment before it is kept, and nobody presses that quickly
        while await desk.services[0].answers.latest(first.conversation_id, "") is None:  # noqa: ASYNC110 -- the store tells nobody
            await asyncio.sleep(0.01)
    before = desk.admitted()
    await teams.say("sofia", "Sources, anybody?", "General", mention=False, thread=thread)
    assert desk.admitted() == before, "what others say to each other is not even stored"
    assert "Sources" in [action["value"] for action in first.activity["suggestedActions"]["actions"]]
    said = await teams.say("sofia", "Sources", "General", mention=False, thread=thread)
    assert "What I searched" in str((await teams.answer_to(said, until=_has_card)).card())


async def test_only_our_own_buttons_do_anything(desk: Desk) -> None:
    first = await answered(desk)
    seal, sofia = desk.services[0].seal, desk.parley.world.person("sofia")
    data = {"message": first.id, "model": "gpt"}
    here: Any = {"person_id": sofia.id, "conversation_id": personal_chat(desk.parley.world, sofia)}
    good = seal.sign(OTHER, data, **here)
    before, calls = desk.admitted(), len(desk.parley.received("claude", "openai"))
    for person, chat, value in (
        ("sofia", "personal", {FIELD: "e30=.e30="}),
        ("sofia", "personal", {"verb": OTHER, **data}),
        ("hiro", "personal", good),
        ("sofia", "General", good),
        ("sofia", "personal", seal.sign(OTHER, data, **here, minutes=-1)),
        ("sofia", "personal", seal.sign("no.such", data, **here)),
    ):
        assert "not for you, or it is too old" in await desk.press(person, value, chat)
    assert desk.admitted() == before
    assert len(desk.parley.received("claude", "openai")) == calls


async def test_a_click_done_twice_is_done_once(desk: Desk) -> None:
    first = await answered(desk)
    sofia = desk.parley.world.person("sofia")
    sealed = desk.services[0].seal.sign(
        OTHER, {"message": first.id, "model": "gpt"}, person_id=sofia.id, conversation_id=first.conversation_id
    )
    desk.parley.world.state["script"] = [Reply(text="Once."), Reply(text="Twice.")]
    since = len(desk.parley.world.record)
    for _ in range(3):
        assert await desk.press("sofia", sealed, reply_to=first.id, id="f:the-same-click") == "One moment…"
    asked = {"id": first.id, "conversation": {"id": first.conversation_id}}
    assert "Once." in (await desk.parley.teams.answer_to(asked, until=lambda m: m.ai_label)).text
    assert (await desk.parley.ask("sofia", "Hello")).text.startswith("Twice."), "it was next in the script"
    assert len(desk.parley.received("openai", since=since)) == 1


@pytest.mark.parametrize("count", [150, pytest.param(1000, marks=pytest.mark.slow)])
async def test_changed_values_change_nothing(desk: Desk, count: int) -> None:
    first = await answered(desk)
    sofia, chance = desk.parley.world.person("sofia"), random.Random(count)
    good = desk.services[0].seal.sign(
        OTHER, {"message": first.id, "model": "gpt"}, person_id=sofia.id, conversation_id=first.conversation_id
    )[FIELD]
    before = desk.admitted()
    for number in range(count):
        at = chance.randrange(len(good))
        changed = (
            good[:at] + chance.choice("AZaz09-_=.é\u202e") + good[at + 1 :],
            good[:at] + good[at + 1 :],
            good[:at] + chance.choice("Aa0=.") + good[at:],
            good[at:] + good[:at],
        )[number % 4]
        if changed != good:
            assert "not for you" in await desk.press("sofia", {FIELD: changed})
    assert desk.admitted() == before


def _has_card(message: SeenMessage) -> bool:
    return bool(message.attachments)


async def test_a_button_sent_as_a_message_that_is_not_ours_says_so(desk: Desk) -> None:
    first = await answered(desk)
    said = await desk.parley.teams.submit("sofia", {FIELD: "made.up"}, first.id)
    assert "not for you" in (await desk.parley.teams.answer_to(said, quiet=0.2)).text
