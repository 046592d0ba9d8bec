"""Signing in, in the middle of a question: nobody asks twice, and no card is ever shown to others."""

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
GENERAL = "What is the telemetry interval of the HRN-200?"


async def open_page(world: World, link: str) -> tuple[int, str]:
    """As a person's browser: follows the sign-in to its end and agrees to everything."""
    trust = tls_context(str(world.state["ca_bundle"]))
    url = URL(link)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        for _ in range(12):
            if url.path.endswith("/oauth2/v2.0/authorize"):
                url = url.update_query(auto="1")
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
    status, page = await open_page(parley.world, card["buttons"][0]["value"])
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


async def test_a_claims_challenge_leads_to_one_clear_card_or_a_silent_renewal(parley: Parley) -> None:
    await parley.sign_in("Oskar")
    await parley.ask("Oskar", "Wo ist der Sammelplatz bei der Brandschutzübung?")
    entra_state.revoke(parley.world, parley.world.person("Oskar").id)
    said = await parley.teams.say("Oskar", "Wo ist der Sammelplatz bei der Brandschutzübung?")
    answer = await parley.teams.answer_to(said, until=lambda m: m.ai_label or bool(m.attachments))
    if not answer.ai_label:
        status, page = await open_page(parley.world, answer.card(OAUTH_CARD)["buttons"][0]["value"])
        assert status == 200, page
        answer = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert "Parkplatz Nord" in answer.text


async def test_sign_out_means_asking_again(parley: Parley) -> None:
    await parley.sign_in("Sofia")
    said = await parley.teams.say("Sofia", "sign out")
    assert "signed out" in (await parley.teams.answer_to(said, quiet=0.1)).text
    since = len(parley.world.record)
    said = await parley.teams.say("Sofia", "What is the Heron budget now?")
    card = await parley.teams.answer_to(said, quiet=0.1)
    assert card.card(OAUTH_CARD)
    assert parley.received("graph", since=since) == []


def _personal(parley: Parley, person: str) -> list[SeenMessage]:
    return parley.teams.seen(personal_chat(parley.world, parley.world.person(person)))
