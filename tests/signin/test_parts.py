"""The small pieces of sign-in that need no server: seals, things used once, cards, languages, Entra's refusals."""

import asyncio
import json
from typing import Any, get_args

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from bot.context import Person
from bot.signin import cards
from bot.signin.claims import SomebodyElse, require_same, scope_names
from bot.signin.entra import codes, kind, refusal
from bot.signin.once import Once
from bot.signin.page_texts import Outcome, language_for
from bot.signin.seal import BrokenSeal, Seal
from bot.texts import Texts
from graph.errors import ConsentRequired, Rejected, SignInNeeded, Unavailable
from tests.signin.stores import MemoryStore

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


class Time:
    now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_seal_opens_for_its_purpose_its_keys_and_its_time() -> None:
    time = Time()
    sealed = Seal([OLD], "ticket", clock=time).close({"a": [1, "ü"]})
    assert Seal([NEW, OLD], "ticket", clock=time).open(sealed, seconds=600) == {"a": [1, "ü"]}
    for keys, purpose in (([NEW], "ticket"), ([OLD], "visit")):
        with pytest.raises(BrokenSeal):
            Seal(keys, purpose, clock=time).open(sealed, seconds=600)
    with pytest.raises(BrokenSeal):
        Seal([OLD], "ticket", clock=time).open(Fernet(OLD).encrypt(b"{}").decode(), seconds=600)
    time.now += 601
    with pytest.raises(BrokenSeal):
        Seal([OLD], "ticket", clock=time).open(sealed, seconds=600)


@given(st.text(max_size=300))
def test_nothing_but_our_own_opens_a_seal(text: str) -> None:
    with pytest.raises(BrokenSeal):
        Seal([OLD], "ticket", clock=Time()).open(text, seconds=600)


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_seal_does_not_open(position: int, change: int) -> None:
    seal = Seal([OLD], "ticket", clock=Time())
    sealed = bytearray(seal.close({"person": "somebody"}).encode())
    position %= len(sealed) - 4  # the last characters hold padding bits that change nothing
    sealed[position] = sealed[position] ^ change
    with pytest.raises(BrokenSeal):
        seal.open(sealed.decode("latin-1"), seconds=600)


async def test_a_code_is_good_once_for_one_person_for_ten_minutes() -> None:
    time, store = Time(), MemoryStore()
    one, replica = Once(store, clock=time), Once(store, clock=time)
    code = await one.new_code("p")
    assert len(code) == 6
    assert not await replica.take_code("q", code)
    taken = await asyncio.gather(*(each.take_code("p", code) for each in (one, replica) * 5))
    assert taken.count(True) == 1
    late = await one.new_code("p")
    time.now += 601
    assert not await one.take_code("p", late)


async def test_guessing_ends_after_five_tries() -> None:
    once = Once(MemoryStore(), clock=Time())
    code = await once.new_code("p")
    for guess in range(5):
        wrong = f"{(int(code) + 1 + guess) % 1_000_000:06d}"
        assert not await once.take_code("p", wrong)
    assert not await once.take_code("p", code)


async def test_states_are_good_once_and_visits_do_not_disturb_each_other() -> None:
    time, store = Time(), MemoryStore()
    once = Once(store, clock=time)
    for number in range(8):
        await once.add_state("p", f"state-{number}")
        time.now += 1
    assert [await once.take_state("p", f"state-{number}") for number in range(8)] == [False] * 3 + [True] * 5
    assert not await once.take_state("p", "state-7")
    await once.new_code("p")
    assert len(store.rows) == 1
    await once.forget("p")
    assert not store.rows


@pytest.mark.parametrize(
    ("result", "error", "is_kind"),
    [
        (None, SignInNeeded, "no_grant"),
        ({"error": "invalid_grant", "suberror": "consent_required"}, ConsentRequired, "consent"),
        ({"error": "invalid_grant", "error_codes": [65001]}, ConsentRequired, "consent"),
        ({"error": "access_denied", "error_description": "AADSTS90094: admin"}, ConsentRequired, "consent"),
        ({"error": "interaction_required", "claims": "{}"}, SignInNeeded, "interaction"),
        ({"error": "invalid_grant", "error_codes": [50076], "suberror": "basic_action"}, SignInNeeded, "interaction"),
        ({"error": "invalid_grant", "error_description": "AADSTS53003: blocked"}, SignInNeeded, "interaction"),
        ({"error": "invalid_grant", "error_codes": [700082]}, SignInNeeded, "dead"),
        ({"error": "invalid_grant", "error_codes": [50173], "suberror": "bad_token"}, SignInNeeded, "dead"),
        ({"error": "invalid_client", "error_codes": [7000215]}, Rejected, "app"),
        ({"error": "unauthorized_client"}, Rejected, "app"),
        ({"error": "temporarily_unavailable"}, Unavailable, "busy"),
        ({"error": "invalid_scope", "error_codes": [70011]}, Rejected, "other"),
        ({"error": ["odd"], "error_codes": {"a": 1}, "claims": 7, "error_description": None}, Rejected, "other"),
    ],
)
def test_entras_refusals(result: dict[str, Any] | None, error: type[Exception], is_kind: str) -> None:
    found = refusal(result, ("Mail.Read",))
    assert type(found) is error
    assert kind(result) == is_kind
    assert "AADSTS" not in str(found)
    if isinstance(found, ConsentRequired):
        assert found.scopes == ("Mail.Read",)


def test_the_challenge_of_graph_is_kept_where_entra_wants_the_person() -> None:
    wants_person: dict[str, Any] = {"error": "interaction_required", "error_codes": [50076]}
    for result, kept in [(wants_person, "graphs"), (wants_person | {"claims": "entras"}, "entras")]:
        found = refusal(result, (), "graphs")
        assert isinstance(found, SignInNeeded)
        assert found.claims == kept
    ended = refusal({"error": "invalid_grant", "error_codes": [50173]}, (), "graphs")
    assert isinstance(ended, SignInNeeded)
    assert ended.claims is None, "a new grant is later than the challenge by itself, and single sign-on may get it"


@given(st.dictionaries(st.sampled_from(["error", "suberror", "error_codes", "error_description", "claims"]),
                       st.none() | st.text() | st.integers() | st.lists(st.integers() | st.text())))  # fmt: skip
def test_whatever_entra_writes_becomes_one_of_our_errors(result: dict[str, Any]) -> None:
    assert str(refusal(result, ()))
    assert all(isinstance(code, int) for code in codes(result))


def test_a_person_is_compared_by_object_id_and_tenant_and_never_by_nothing() -> None:
    person = Person("AB-1", "x", "T-1")
    require_same(person, {"oid": "ab-1", "tid": "t-1", "aud": "app"}, audience="app")
    wrong: list[dict[str, Any] | None] = [
        None,
        {},
        {"oid": "ab-1"},
        {"tid": "t-1"},
        {"oid": "ab-2", "tid": "t-1"},
        {"oid": "ab-1", "tid": "t-2"},
        {"oid": ["ab-1"], "tid": "t-1"},
    ]
    for claims in wrong:
        with pytest.raises(SomebodyElse):
            require_same(person, claims)
    with pytest.raises(SomebodyElse):
        require_same(Person("", "x", ""), {"oid": "", "tid": ""})
    with pytest.raises(SomebodyElse):
        require_same(person, {"oid": "ab-1", "tid": "t-1", "aud": "other"}, audience="app")


def test_scopes_compare_as_entra_writes_them() -> None:
    assert scope_names(("https://graph.microsoft.com/Mail.Read", "FILES.READ")) == {"mail.read", "files.read"}


def test_the_teams_card_carries_single_sign_on_and_our_link() -> None:
    content = cards.oauth_card("app-id", "https://bot/signin/start?ticket=x", "request-1", Texts("en"))["content"]
    assert content["tokenExchangeResource"] == {"id": "request-1", "uri": "api://botid-app-id", "providerId": "Parley"}
    assert content["buttons"] == [{"type": "signin", "title": "Sign in", "value": "https://bot/signin/start?ticket=x"}]
    assert content["connectionName"]
    assert content["text"]


def test_the_plain_card_opens_our_link() -> None:
    card = cards.link_card("https://bot/x", Texts("de"))
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert card["content"]["actions"] == [{"type": "Action.OpenUrl", "title": "Anmelden", "url": "https://bot/x"}]
    assert "Bitte melden Sie sich an" in json.dumps(card)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr-FR,fr;q=0.9,de;q=0.4,en;q=0.3", "de"),
        ("en;q=0.1,de;q=0.9", "de"),
        ("de;q=0,en", "en"),
        ("*", "en"),
        ("de;q=x,;;;,", "de"),
    ],
)
def test_the_page_speaks_the_browsers_language(header: str, language: str) -> None:
    assert language_for(header).language == language


@given(st.text(max_size=600))
def test_any_language_header_gives_a_language(header: str) -> None:
    assert language_for(header).language in {"en", "de"}


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_every_outcome_has_its_texts(outcome: str) -> None:
    for say in (Texts("en"), Texts("de")):
        assert say(f"page.{outcome}_title")
        assert say(f"page.{outcome}")
