"""On-behalf-of, silent refresh and everything Entra can say no with: real MSAL, over TLS, against the local tenant's Entra."""

import asyncio
import json
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import msal
import pytest

from bot.context import Person
from bot.signin.entra import gone
from graph.errors import ConsentRequired, Rejected, SignInNeeded, Throttled, Unavailable
from infra.local.entra_grants import challenge
from infra.local.entra_state import entra_state, revoke
from infra.local.world import Fault
from tests.signin.conftest import SCOPES, Stack, make_settings

MAIL = ("Mail.Read",)
TOKEN = "POST */token"


async def signed_in(stack: Stack, name: str) -> Person:
    person = stack.person(name)
    await stack.sign_in.exchange(person, stack.assertion(person))
    stack.world.record.clear()
    return person


def names(stack: Stack) -> tuple[str, str]:
    """Two people who have agreed to everything."""
    first, second = [p.given_name for p in stack.world.company.people if not p.is_guest][:2]
    return first, second


@pytest.fixture
async def person(stack: Stack) -> Person:
    return await signed_in(stack, names(stack)[0])


def oid(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["oid"])


async def test_a_single_sign_on_token_becomes_a_token_for_graph(stack: Stack) -> None:
    person = stack.person(names(stack)[0])
    await stack.sign_in.exchange(person, stack.assertion(person))
    token = await stack.sign_in.graph_token(person, MAIL)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["oid"] == person.id
    assert claims["aud"] == "https://graph.microsoft.com"
    assert {"Mail.Read", "Files.Read.All"} <= set(claims["scp"].split())
    assert claims["xms_cc"] == ["cp1"], "Entra was told that we understand claims challenges"
    assert len(stack.token_requests()) == 1, "the exchange's own token is used first"
    await asyncio.sleep(0)
    assert stack.arrived == [person]


async def test_two_people_never_share_a_token(stack: Stack) -> None:
    one, two = [await signed_in(stack, name) for name in names(stack)]
    got = await asyncio.gather(*(stack.sign_in.graph_token(p, SCOPES) for p in (one, two) * 10))
    assert [oid(token) for token in got] == [one.id, two.id] * 10


async def test_somebody_elses_single_sign_on_token_is_refused_before_entra_is_asked(stack: Stack) -> None:
    mine, other = (stack.person(name) for name in names(stack))
    with pytest.raises(SignInNeeded, match="another account"):
        await stack.sign_in.exchange(mine, stack.assertion(other))
    assert not stack.token_requests()
    assert not stack.store.rows


async def test_entras_word_counts_not_the_assertions(stack: Stack) -> None:
    """An assertion that claims to be mine in a way only we believe: Entra answers for whom it really is."""
    mine, other = (stack.person(name) for name in names(stack))
    for_other = stack.assertion(other)

    def acquire(app: object) -> object:
        return app.acquire_token_on_behalf_of(for_other, list(SCOPES))  # type: ignore[attr-defined]  # -- msal has no types

    with pytest.raises(SignInNeeded, match="another account"):
        await stack.sign_in.keep(mine, acquire, SCOPES)  # type: ignore[arg-type]  # -- as above
    assert not stack.store.rows
    with pytest.raises(SignInNeeded):
        await stack.sign_in.graph_token(mine, MAIL)


@pytest.mark.parametrize("garbage", ["", "a.b.c", "x" * 20_000, "eyJhbGciOiJub25lIn0.e30.", "\u0000.\ud800"])
async def test_garbage_instead_of_a_token_is_refused(stack: Stack, garbage: str) -> None:
    with pytest.raises(SignInNeeded):
        await stack.sign_in.exchange(stack.person(names(stack)[0]), garbage)
    assert not stack.token_requests()


async def test_consent_is_asked_for_and_works_at_once_when_it_was_given(stack: Stack) -> None:
    """MSAL would repeat its first refusal from memory for a minute."""
    person = stack.person(names(stack)[0])
    entra_state(stack.world).consents[person.id] = set()
    assertion = stack.assertion(person)
    with pytest.raises(ConsentRequired) as caught:
        await stack.sign_in.exchange(person, assertion)
    assert caught.value.scopes == SCOPES
    assert caught.value.code == "AADSTS65001"
    entra_state(stack.world).consents.pop(person.id)
    await stack.sign_in.exchange(person, assertion)
    assert await stack.sign_in.signed_in(person)


async def test_a_further_permission_is_named(stack: Stack, person: Person) -> None:
    entra_state(stack.world).consents[person.id] = set(SCOPES)
    with pytest.raises(ConsentRequired) as caught:
        await stack.sign_in.graph_token(person, ("Chat.Read",))
    assert caught.value.scopes == ("Chat.Read",)
    assert await stack.sign_in.graph_token(person, MAIL), "what was granted goes on working"


async def test_a_second_factor_is_asked_for_and_the_grant_is_kept(stack: Stack, person: Person) -> None:
    entra_state(stack.world).interaction.add(person.id)
    stack.world.clock.advance(3600)
    with pytest.raises(SignInNeeded) as caught:
        await stack.sign_in.graph_token(person, MAIL)
    assert caught.value.code == "AADSTS50076"
    assert not isinstance(caught.value, ConsentRequired)
    assert await stack.sign_in.signed_in(person)
    with pytest.raises(SignInNeeded):
        await stack.sign_in.exchange(person, stack.assertion(person))


@pytest.mark.parametrize("how", ["expired", "revoked", "fault"])
async def test_a_dead_grant_is_forgotten(stack: Stack, person: Person, how: str) -> None:
    if how == "expired":
        stack.world.clock.advance(91 * 24 * 3600)
    else:
        stack.world.clock.advance(3600)
    if how == "revoked":
        revoke(stack.world, person.id, end_session=True)
    if how == "fault":
        stack.world.faults.append(Fault("entra", TOKEN, kind="expired_grant"))
    with pytest.raises(SignInNeeded):
        await stack.sign_in.graph_token(person, MAIL)
    assert not await stack.sign_in.signed_in(person)
    asked = len(stack.token_requests())
    with pytest.raises(SignInNeeded):
        await stack.sign_in.graph_token(person, MAIL)
    assert len(stack.token_requests()) == asked, "nobody asks Entra again with a dead grant"


@pytest.mark.parametrize(("code", "left"), [(50057, True), (50034, True), (50173, False)])
async def test_whoever_the_directory_does_not_know_any_more_has_left(
    stack: Stack, person: Person, code: int, left: bool
) -> None:
    told: list[bool] = []

    async def dead(who: Person, result: Mapping[str, Any] | None) -> None:
        assert who == person
        told.append(gone(result))

    stack.sign_in.on_dead = dead
    stack.world.clock.advance(3600)
    body = {"error": "invalid_grant", "error_codes": [code], "error_description": f"AADSTS{code}: No."}
    stack.world.faults.append(Fault("entra", TOKEN, status=400, body=body, times=9))
    with pytest.raises(SignInNeeded):
        await stack.sign_in.graph_token(person, MAIL)
    assert told == [left]


async def test_tokens_are_refreshed_silently_and_the_newest_refresh_token_is_kept(stack: Stack, person: Person) -> None:
    entra_state(stack.world).single_use_refresh = True
    seen = {await stack.sign_in.graph_token(person, MAIL)}
    for _ in range(3):
        stack.world.clock.advance(3400)
        seen.add(await stack.sign_in.graph_token(person, MAIL))
    assert len(seen) == 4
    assert len(stack.token_requests("grant_type=refresh_token")) == 3


@pytest.mark.parametrize("remembered", [True, False])
async def test_after_our_clock_was_put_back_what_it_said_of_a_tokens_end_is_not_believed(
    stack: Stack, *, remembered: bool
) -> None:
    """It would be shown to Graph for hours after its end, and everybody asked to sign in again."""
    ahead, person = [7200.0], stack.person(names(stack)[0])
    fast = stack.replica(clock=lambda: stack.clock() + ahead[0])
    await fast.exchange(person, stack.assertion(person))
    before = await fast.graph_token(person, MAIL)
    for id, (data, version) in stack.store.rows.items():  # MSAL wrote down the machine's own time, which no test moves
        cache = json.loads(data)
        for token in cache.get("AccessToken", {}).values():
            token["cached_at"], token["expires_on"] = (str(int(token[n]) + 7200) for n in ("cached_at", "expires_on"))
        stack.store.rows[id] = json.dumps(cache).encode(), version
    ahead[0] = 0.0
    after = await (fast if remembered else stack.replica(clock=stack.clock)).graph_token(person, MAIL)
    assert after != before
    assert len(stack.token_requests("grant_type=refresh_token")) == 1
    await fast.aclose()


async def test_twenty_callers_cause_one_refresh(stack: Stack, person: Person) -> None:
    stack.world.clock.advance(3400)
    scopes = [MAIL, ("Files.Read.All",), SCOPES, SCOPES] * 5
    stack.world.faults.append(Fault("entra", TOKEN, kind="delay", seconds=0.1))
    got = await asyncio.gather(*(stack.sign_in.graph_token(person, s) for s in (SCOPES, *scopes)))
    assert len(set(got)) == 1
    assert len(stack.token_requests()) == 1


async def test_a_token_is_used_from_memory_until_five_minutes_before_it_ends(stack: Stack, person: Person) -> None:
    first = await stack.sign_in.graph_token(person, MAIL)
    stack.world.clock.advance(3290)
    assert await stack.sign_in.graph_token(person, MAIL) == first
    stack.world.clock.advance(15)
    assert await stack.sign_in.graph_token(person, MAIL) != first


async def test_a_cancelled_turn_does_not_lose_the_refresh(stack: Stack, person: Person) -> None:
    entra_state(stack.world).single_use_refresh = True
    stack.world.clock.advance(3400)
    stack.world.faults.append(Fault("entra", TOKEN, kind="delay", seconds=0.2))
    impatient = asyncio.create_task(stack.sign_in.graph_token(person, MAIL))
    await stack.world.wait_for("entra", TOKEN)
    impatient.cancel()
    assert await stack.sign_in.graph_token(person, MAIL)
    assert len(stack.token_requests()) == 1


async def test_a_claims_challenge_is_answered_once_for_all_who_were_challenged(stack: Stack, person: Person) -> None:
    old = await stack.sign_in.graph_token(person, MAIL)
    revoke(stack.world, person.id)
    asked = challenge(stack.world, person.id)
    got = await asyncio.gather(*(stack.sign_in.graph_token(person, SCOPES, asked) for _ in range(20)))
    assert len(set(got)) == 1
    assert got[0] != old
    assert len(stack.token_requests()) == 1
    sent = stack.token_requests()[0].body
    assert "nbf" in sent
    assert "cp1" in sent.lower()
    assert await stack.sign_in.graph_token(person, MAIL) == got[0], "the challenged token is not used again"


async def test_a_challenge_entra_wants_a_person_for_reaches_the_card(stack: Stack, person: Person) -> None:
    stack.world.clock.advance(3400)
    revoke(stack.world, person.id)
    with pytest.raises(SignInNeeded) as caught:
        await stack.sign_in.graph_token(person, MAIL)
    assert caught.value.claims is not None
    assert "nbf" in json.loads(caught.value.claims)["access_token"]
    assert await stack.sign_in.signed_in(person)


@pytest.mark.parametrize("status", [500, 503])
async def test_entra_out_of_order_is_not_a_lost_sign_in(stack: Stack, person: Person, status: int) -> None:
    stack.world.clock.advance(3400)
    stack.world.faults.append(Fault("entra", TOKEN, status=status))
    with pytest.raises(Unavailable):
        await stack.sign_in.graph_token(person, MAIL)
    assert await stack.sign_in.graph_token(person, MAIL), "and nothing remembers the failure"


async def test_a_broken_connection_is_unavailable(stack: Stack, person: Person) -> None:
    stack.world.clock.advance(3400)
    stack.world.faults.append(Fault("entra", TOKEN, kind="reset", times=3))
    with pytest.raises(Unavailable):
        await stack.sign_in.graph_token(person, MAIL)
    assert await stack.sign_in.signed_in(person)


async def test_patience_is_kept_for_the_person_entra_asked_it_of(stack: Stack) -> None:
    one, two = [await signed_in(stack, name) for name in names(stack)]
    stack.world.clock.advance(3400)
    stack.world.faults.append(
        Fault("entra", TOKEN, status=429, headers={"Retry-After": "30"}, body={"error": "temporarily_unavailable"})
    )
    for _ in range(3):
        with pytest.raises(Throttled) as caught:
            await stack.sign_in.graph_token(one, MAIL)
        assert 0 < caught.value.seconds <= 30
    assert len(stack.token_requests()) == 1
    assert await stack.sign_in.graph_token(two, MAIL)
    stack.world.clock.advance(31)
    assert await stack.sign_in.graph_token(one, MAIL)


async def test_the_apps_own_fault_is_not_the_persons(stack: Stack, person: Person) -> None:
    stack.settings = make_settings(stack.world, microsoft_app_password="wrong")
    other = stack.replica()
    stack.world.clock.advance(3400)
    with pytest.raises(Rejected):
        await other.exchange(person, stack.assertion(person))
    assert await stack.sign_in.signed_in(person)
    await other.aclose()


async def test_sign_out_forgets_here_at_once_and_elsewhere_within_a_minute(stack: Stack, person: Person) -> None:
    other = stack.replica()
    assert await other.graph_token(person, MAIL)
    await stack.sign_in.sign_out(person)
    assert not await stack.sign_in.signed_in(person)
    with pytest.raises(SignInNeeded):
        await stack.sign_in.graph_token(person, MAIL)
    stack.world.clock.advance(61)
    with pytest.raises(SignInNeeded):
        await other.graph_token(person, MAIL)
    assert not stack.store.rows
    await other.aclose()


async def test_replicas_do_not_lose_each_others_refresh(stack: Stack, person: Person) -> None:
    """Strict single-use refresh tokens, which Entra does not even insist on: the loser of the race reads what the winner saved."""
    entra_state(stack.world).single_use_refresh = True
    other = stack.replica()
    for _ in range(3):
        stack.world.clock.advance(3400)
        got = await asyncio.gather(
            *(s.graph_token(person, MAIL) for s in (stack.sign_in, other)), return_exceptions=True
        )
        assert [oid(token) for token in got if isinstance(token, str)]
        for each in (stack.sign_in, other):
            assert oid(await each.graph_token(person, MAIL)) == person.id
    await other.aclose()


async def test_the_winner_of_a_race_brings_back_what_the_loser_buried(stack: Stack, person: Person) -> None:
    """The loser decides while the winner's answer is still on its way: single-use refresh tokens at their worst."""
    entra_state(stack.world).single_use_refresh = True
    other = stack.replica()
    stack.world.clock.advance(3400)
    kept, version = await stack.store.load(person.id)
    assert await stack.sign_in.graph_token(person, MAIL)
    won, _ = await stack.store.load(person.id)
    stack.store.rows[person.id] = (kept, version)
    with pytest.raises(SignInNeeded):
        await other.graph_token(person, MAIL)
    assert not await other.signed_in(person)
    cache = msal.SerializableTokenCache()
    cache.deserialize(won.decode())
    await stack.sign_in._save_refreshed(person, cache, version)
    assert await other.graph_token(person, MAIL)
    await other.sign_out(person)
    await stack.sign_in._save_refreshed(person, cache, version)
    assert not await other.signed_in(person), "a sign-out is final"
    await other.aclose()


async def test_a_spoilt_row_means_signing_in_again(stack: Stack, person: Person) -> None:
    fresh = stack.replica()
    stack.store.rows[person.id] = (b"{not json", 9)
    with pytest.raises(SignInNeeded):
        await fresh.graph_token(person, MAIL)
    await fresh.aclose()


async def test_a_row_of_another_person_gives_no_token(stack: Stack, person: Person) -> None:
    other = stack.person(names(stack)[1])
    stack.store.rows[other.id] = stack.store.rows[person.id]
    with pytest.raises(SignInNeeded):
        await stack.sign_in.graph_token(other, MAIL)


@pytest.mark.parametrize("named", ["", "common", "../../evil", "a" * 36])
async def test_a_tenant_that_is_none_never_reaches_an_address(stack: Stack, named: str) -> None:
    stack.settings = make_settings(stack.world, microsoft_app_type="MultiTenant", microsoft_app_tenant_id="")
    several = stack.replica()
    known = stack.person(names(stack)[0])
    stranger = Person(known.id, known.name, named, "")
    with pytest.raises(SignInNeeded):
        await several.exchange(stranger, stack.assertion(known, tid=named))
    assert not stack.token_requests()
    await several.aclose()


async def test_no_token_reaches_a_log_or_an_error(stack: Stack, everything_logged: Callable[[], str]) -> None:
    person = stack.person(names(stack)[0])
    assertion = stack.assertion(person)
    await stack.sign_in.exchange(person, assertion)
    secrets = [assertion, await stack.sign_in.graph_token(person, MAIL), stack.world.app_secret]
    secrets += list(entra_state(stack.world).refresh)
    errors: list[str] = []
    for kind in ("status", "reset", "expired_grant"):
        stack.world.clock.advance(3400)
        stack.world.faults.append(Fault("entra", TOKEN, kind=kind, times=2, status=500))
        try:
            await stack.sign_in.graph_token(person, MAIL)
        except (SignInNeeded, Unavailable):
            errors.append(traceback.format_exc())
        stack.world.faults.clear()
    stack.world.faults.append(Fault("entra", TOKEN, body=[f"not what OAuth says {assertion}"], status=200))
    with pytest.raises((SignInNeeded, Unavailable)):
        await stack.sign_in.exchange(person, assertion)
    assert len(errors) == 3
    for text in (everything_logged(), *errors, repr(stack.sign_in.identity)):
        assert not [s for s in secrets if s in text]
        assert not [s for s in secrets if s.rpartition(".")[2] in text]
