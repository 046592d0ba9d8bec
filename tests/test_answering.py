"""Which card somebody gets who has to sign in, and what its link is made for."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.context import Outgoing, Person
from bot.signin.asking import SignInCards
from bot.signin.cards import ADAPTIVE_CARD, AGAIN, MORE, OAUTH_CARD, TEXT
from bot.texts import Texts
from graph.errors import ConsentRequired, SignInNeeded
from tests.commands.desk import SOFIA

ENGLISH = Texts.of("en-GB")
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1795377967"}}}'


class Page:
    """Notes what links are made for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...], str | None]] = []

    def link(self, person: Person, *, scopes: tuple[str, ...] = (), claims: str | None = None) -> str:
        self.asked.append((person.id, scopes, claims))
        return "https://bot.example/signin/start?ticket=t"


def attached(message: Outgoing) -> Mapping[str, Any]:
    assert message.card is not None
    return message.card


@pytest.mark.parametrize(
    ("needed", "kind", "text", "scopes", "claims"),
    [
        (None, OAUTH_CARD, TEXT, (), None),
        (SignInNeeded("Nobody yet.", code="no_grant"), OAUTH_CARD, TEXT, (), None),
        (SignInNeeded("It ended.", code="AADSTS50173"), OAUTH_CARD, AGAIN, (), None),
        (SignInNeeded("A challenge.", claims=CLAIMS), ADAPTIVE_CARD, AGAIN, (), CLAIMS),
        (ConsentRequired("Ask.", scopes=("Chat.Read",)), OAUTH_CARD, MORE, ("Chat.Read",), None),
    ],
    ids=["asked for", "never", "ended", "challenge", "consent"],
)
def test_the_card_and_its_link_fit_what_is_needed(
    needed: SignInNeeded | None, kind: str, text: str, scopes: tuple[str, ...], claims: str | None
) -> None:
    page = Page()
    card = attached(SignInCards("app-id", page.link, sso=True).card(SOFIA, needed, ENGLISH))
    assert card["contentType"] == kind
    assert ENGLISH(text) in card["content"]["text" if kind == OAUTH_CARD else "fallbackText"]
    assert page.asked == [(SOFIA.id, scopes, claims)]


def test_single_sign_on_is_not_tried_again_where_it_did_not_help() -> None:
    cards = SignInCards("app-id", Page().link, sso=True)
    card = attached(cards.card(SOFIA, SignInNeeded("Ended."), ENGLISH, silently=False))
    assert card["contentType"] == ADAPTIVE_CARD


def test_without_single_sign_on_there_is_a_link() -> None:
    message = SignInCards("app-id", Page().link, sso=False).card(SOFIA, None, ENGLISH)
    assert attached(message)["contentType"] == ADAPTIVE_CARD
    assert message.links == ("https://bot.example/signin/start?ticket=t",), "or the gate takes the button away"
