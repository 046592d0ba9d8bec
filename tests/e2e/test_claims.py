"""What Microsoft asks for besides a sign-in (a fresh one, a second factor, a permission) is asked of the person, and then met."""

import asyncio
import json
from typing import Any, Literal
from urllib.parse import parse_qs

import pytest

from bot.signin.cards import AGAIN, MORE
from infra.local.connector_state import personal_chat
from infra.local.entra_state import entra_state, revoke
from infra.local.teams import SeenMessage
from infra.local.world import Fault
from tests.e2e.parley import OAUTH_CARD, Parley, said_as
from tests.e2e.test_sign_in import open_page

pytestmark = pytest.mark.asyncio(loop_scope="module")
ASSEMBLY = "Wo ist der Sammelplatz bei der Brandschutzübung?"
TELEMETRY = "What is the telemetry interval of the HRN-200?"


async def test_a_challenge_that_a_refresh_meets_is_not_seen_by_anybody(parley: Parley) -> None:
    await parley.sign_in("Jonas")
    await parley.ask("Jonas", ASSEMBLY)
    await _revoked(parley, "Jonas")
    since = len(parley.world.record)
    said = await parley.teams.say("Jonas", ASSEMBLY)
    answer = await parley.teams.answer_to(said, until=_settled)
    assert answer.ai_label
    assert "Parkplatz Nord" in answer.text
    assert _challenges(parley, since)


async def test_a_challenge_for_the_person_is_met_on_our_page(parley: Parley) -> None:
    """A card with single sign-on would be answered at once with a token that is refused again, round and round."""
    await parley.sign_in("Oskar")
    await parley.ask("Oskar", ASSEMBLY)
    await _revoked(parley, "Oskar")
    entra_state(parley.world).interaction.add(parley.world.person("Oskar").id)
    since, before = len(parley.world.record), len(_personal(parley, "Oskar"))
    said = await parley.teams.say("Oskar", ASSEMBLY)
    card = (await parley.teams.answer_to(said, until=_settled)).card()
    assert card["fallbackText"] in said_as(AGAIN)
    status, page = await open_page(parley.world, "Oskar", card["actions"][0]["url"])
    assert status == 200, page
    (authorize,) = _authorized(parley, since)
    assert _not_before(authorize["claims"][0]) in _challenges(parley, since)
    answer = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert "Parkplatz Nord" in answer.text
    later = _personal(parley, "Oskar")[before:]
    assert [bool(message.attachments) for message in later] == [True, False], "one card, then the answer"


async def test_in_a_channel_the_challenge_goes_to_the_personal_chat(parley: Parley) -> None:
    await parley.sign_in("Hiro")
    await parley.ask("Hiro", TELEMETRY, "General")
    await _revoked(parley, "Hiro")
    entra_state(parley.world).interaction.add(parley.world.person("Hiro").id)
    before = len(_personal(parley, "Hiro"))
    said = await parley.teams.say("Hiro", TELEMETRY, "General")
    told = await parley.teams.answer_to(said, until=lambda message: message.text in said_as("sign_in.in_personal_chat"))
    assert told.attachments == []
    assert "http" not in told.text
    (card,) = _personal(parley, "Hiro")[before:]
    status, page = await open_page(parley.world, "Hiro", card.card()["actions"][0]["url"])
    assert status == 200, page
    answer = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert answer.citations
    assert len(_personal(parley, "Hiro")) == before + 1


async def test_a_grant_that_ended_is_renewed_by_single_sign_on(parley: Parley) -> None:
    await parley.sign_in("Priya")
    await parley.ask("Priya", TELEMETRY)
    await _revoked(parley, "Priya", end_session=True)
    said = await parley.teams.say("Priya", TELEMETRY)
    card = (await parley.teams.answer_to(said, until=_settled)).card(OAUTH_CARD)
    assert card["text"] in said_as(AGAIN)
    status, body = await parley.teams.sso("Priya", card)
    assert status == 200, body
    answer = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert answer.citations


async def test_a_permission_that_was_taken_back_is_asked_for_again(parley: Parley) -> None:
    await parley.sign_in("Elena")
    await parley.ask("Elena", TELEMETRY)
    entra_state(parley.world).consents[parley.world.person("Elena").id] = {"Mail.Read"}
    await _revoked(parley, "Elena")
    since = len(parley.world.record)
    said = await parley.teams.say("Elena", TELEMETRY)
    card = (await parley.teams.answer_to(said, until=_settled)).card(OAUTH_CARD)
    assert card["text"] in said_as(MORE)
    status, _ = await parley.teams.sso("Elena", card)
    assert status == 412
    status, page = await open_page(parley.world, "Elena", card["buttons"][0]["value"])
    assert status == 200, page
    (authorize,) = _authorized(parley, since)
    assert "Files.Read.All" in authorize["scope"][0]
    answer = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert answer.citations


@pytest.mark.parametrize("challenge", ["claims", "status"])
async def test_a_question_may_wait_twice_and_single_sign_on_does_not_go_in_circles(
    parley: Parley, challenge: Literal["claims", "status"]
) -> None:
    person = {"claims": "Liam", "status": "Katrin"}[challenge]
    refused = Fault("graph", kind=challenge, status=401, times=10_000)
    said = await parley.teams.say(person, ASSEMBLY)
    card = (await parley.teams.answer_to(said, until=_settled)).card(OAUTH_CARD)
    parley.world.faults.append(refused)
    status, body = await parley.teams.sso(person, card)
    assert status == 200, body
    second = await parley.teams.answer_to(
        said, until=lambda m: bool(m.attachments) and OAUTH_CARD not in str(m.activity)
    )
    parley.world.faults.remove(refused)
    status, page = await open_page(parley.world, person, second.card()["actions"][0]["url"])
    assert status == 200, page
    await parley.teams.answer_to(said, until=lambda message: message.ai_label)


def _settled(message: SeenMessage) -> bool:
    return message.ai_label or bool(message.attachments)


async def _revoked(parley: Parley, person: str, *, end_session: bool = False) -> None:
    """Tokens carry whole seconds, and those of the revocation's own second count as revoked: it has passed on return."""
    id = parley.world.person(person).id
    revoke(parley.world, id, end_session=end_session)
    left = entra_state(parley.world).revoked[id] - parley.world.clock.now()
    await asyncio.sleep(max(0.0, left.total_seconds()) + 0.01)


def _challenges(parley: Parley, since: int) -> set[str]:
    """The moments that refreshes had to be later than, as Graph's challenges named them."""
    forms = [parse_qs(r.body) for r in parley.received("entra", since=since) if r.path.endswith("/token")]
    return {_not_before(form["claims"][0]) for form in forms if "claims" in form} - {""}


def _authorized(parley: Parley, since: int) -> list[dict[str, list[str]]]:
    return [parse_qs(r.query) for r in parley.received("entra", since=since) if r.path.endswith("/authorize")]


def _not_before(claims: str) -> str:
    asked: dict[str, Any] = json.loads(claims)["access_token"]
    return str(asked.get("nbf", {}).get("value", ""))


def _personal(parley: Parley, person: str) -> list[SeenMessage]:
    return parley.teams.seen(personal_chat(parley.world, parley.world.person(person)))
