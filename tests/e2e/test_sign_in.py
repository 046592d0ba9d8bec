"""Signing in, in the middle of a question: nobody asks twice, and no card is ever shown to others."""

import asyncio
import re

import aiohttp
import pytest
from yarl import URL

from bot.outbound import tls_context
from infra.local import entra_state
from infra.local.connector_state import personal_chat
from infra.local.teams import SeenMessage
from infra.local.world import World
from tests.e2e.parley import OAUTH_CARD, Parley

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUESTION = "What does error E42 mean and how is it reset?"
SECOND = 1.1
"""Tokens carry whole seconds, so a revocation takes in the whole second it falls in."""
GENERAL = "What is the telemetry interval of the HRN-200?"


async def open_page(world: World, person: str, link: str) -> tuple[int, str]:
    """As a person's browser that is signed in to Entra: follows the sign-in to its end and agrees to everything."""
    trust = tls_context(str(world.state["ca_bundle"]))
    url = URL(link)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        for _ in range(12):
            if url.path.endswith("/oauth2/v2.0/authorize"):
                url = url.update_query(auto="1", login_hint=world.person(person).mail)
            async with browser.get(url, allow_redirects=False, ssl=trust) as answer:
                text = await answer.text()
                if answer.status not in {302, 303, 307}:
                    return answer.status, text
                url = url.join(URL(answer.headers["Location"], encoded=True))
    raise AssertionError("The sign-in went in circles.")


async def test_the_question_that_waited_is_answered_after_single_sign_on(parley: Parley) -> None:
    said = await parley.teams.say("Aisha", QUESTION)
    card = (await parley.teams.answer_to(said, quiet=0.1)).card(OAUTH_CARD)
    resource = card["tokenExchangeResource"]
    assert resource["uri"] == f"api://botid-{parley.world.app_id}"
    assert card["buttons"][0]["type"] == "signin"
    status, _ = await parley.teams.sso("Aisha", card)
    assert status == 200
    answer = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert "dry running" in answer.text
    assert answer.citations


async def test_another_client_sending_the_same_token_again_changes_nothing(parley: Parley) -> None:
    said = await parley.teams.say("Nils", "Was kostet das Mittagessen in der Kantine?")
    card = (await parley.teams.answer_to(said, quiet=0.1)).card(OAUTH_CARD)
    answers = [await parley.teams.sso("Nils", card) for _ in range(3)]
    assert all(status in {200, 409, 412} for status, _ in answers)
    answer = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert "4,20" in answer.text
    labelled = [m for m in parley.teams.seen(said["conversation"]["id"]) if m.ai_label]
    assert len(labelled) == 1


async def test_who_never_agreed_is_sent_to_our_page_and_then_answered(parley: Parley) -> None:
    said = await parley.teams.say("Maren", "What do the owners of Moorland Valves want?")
    card = (await parley.teams.answer_to(said, quiet=0.1)).card(OAUTH_CARD)
    status, _ = await parley.teams.sso("Maren", card)
    assert status == 412
    status, page = await open_page(parley.world, "Maren", card["buttons"][0]["value"])
    assert status == 200, page
    answer = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert "6.2 million" in answer.text


async def test_in_a_channel_the_card_goes_to_the_personal_chat_only(parley: Parley) -> None:
    said = await parley.teams.say("Hiro", GENERAL, "General")
    answer = await parley.teams.answer_to(said, quiet=0.2)
    assert "sign in" in answer.text
    assert answer.attachments == []
    assert re.search(r"https?://", answer.text) is None
    personal = [m for m in _personal(parley, "Hiro") if m.attachments]
    assert personal
    status, _ = await parley.teams.sso("Hiro", personal[-1].card(OAUTH_CARD))
    assert status == 200
    answer = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert answer.conversation_id == said["conversation"]["id"]
    assert answer.citations


async def test_an_ended_session_asks_again_in_the_personal_chat(parley: Parley) -> None:
    await parley.sign_in("Elena")
    entra_state.revoke(parley.world, parley.world.person("Elena").id, end_session=True)
    before = len(_personal(parley, "Elena"))
    said = await parley.teams.say("Elena", GENERAL, "General")
    answer = await parley.teams.answer_to(said, quiet=0.3, until=lambda message: "sign in" in message.text)
    assert not answer.ai_label
    assert answer.attachments == []
    cards = [m for m in _personal(parley, "Elena")[before:] if m.attachments]
    assert len(cards) == 1


async def test_a_claims_challenge_is_answered_without_the_person(parley: Parley) -> None:
    await parley.sign_in("Oskar")
    since = len(parley.world.record)
    entra_state.revoke(parley.world, parley.world.person("Oskar").id)
    await asyncio.sleep(SECOND)
    answer = await parley.ask("Oskar", "Wo ist der Sammelplatz bei der Brandschutzübung?")
    assert "Parkplatz Nord" in answer.text
    assert [r for r in parley.received("graph", since=since) if r.status == 401]
    renewed = [r for r in parley.received("entra", since=since) if r.path.endswith("/token")]
    assert any("nbf" in str(r.body) for r in renewed), "the challenge itself is passed on"


async def test_an_ended_session_in_the_personal_chat_is_one_clear_card(parley: Parley) -> None:
    await parley.sign_in("Ben")
    entra_state.revoke(parley.world, parley.world.person("Ben").id, end_session=True)
    await asyncio.sleep(SECOND)
    said = await parley.teams.say("Ben", "What was the margin of the Chicago site in Q3?")
    asked = await parley.teams.answer_to(said, quiet=0.2)
    assert len(asked.attachments) == 1
    assert "sign in" in str(asked.attachments[0])
    status, page = await open_page(parley.world, "Ben", _button(asked))
    assert status == 200, page
    answer = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert "4.4" in answer.text


async def test_sign_out_means_asking_again(parley: Parley) -> None:
    await parley.sign_in("Sofia")
    said = await parley.teams.say("Sofia", "sign out")
    assert "signed out" in (await parley.teams.answer_to(said, quiet=0.1)).text
    since = len(parley.world.record)
    said = await parley.teams.say("Sofia", "What is the Heron budget now?")
    card = await parley.teams.answer_to(said, quiet=0.1)
    assert card.card(OAUTH_CARD)
    assert parley.received("graph", since=since) == []


def _button(message: SeenMessage) -> str:
    """Where the card's button leads, whichever kind it is."""
    content = message.attachments[0]["content"]
    button = content["buttons"][0]["value"] if "buttons" in content else content["actions"][0]["url"]
    return str(button)


def _personal(parley: Parley, person: str) -> list[SeenMessage]:
    return parley.teams.seen(personal_chat(parley.world, parley.world.person(person)))
