"""What asks a person to sign in: a card that Teams may answer by itself, or one with a link."""

import secrets
from dataclasses import dataclass
from typing import Protocol

from bot.context import Outgoing, Person
from bot.signin.cards import AGAIN, MORE, TEXT, link_card, oauth_card
from bot.texts import Texts
from graph.errors import ConsentRequired, SignInNeeded


class Link(Protocol):
    """Makes a sign-in link for one person (`bot.signin.page.SignInPage.link`)."""

    def __call__(self, person: Person, *, scopes: tuple[str, ...] = (), claims: str | None = None) -> str: ...


@dataclass(frozen=True, slots=True)
class SignInCards:
    """`bot_id` is who people talk to, not whom they sign in to. `sso` is False for clients without single sign-on (the Playground)."""

    bot_id: str
    link: Link
    sso: bool

    def card(self, person: Person, needed: SignInNeeded | None, say: Texts, *, silently: bool = True) -> Outgoing:
        """`needed` is what the sign-in has to meet; None for the usual. `silently`: single sign-on may be enough."""
        claims = needed.claims if needed else None
        link = self.link(person, scopes=needed.scopes if isinstance(needed, ConsentRequired) else (), claims=claims)
        if not (self.sso and silently) or claims:
            # Teams answers a card with single sign-on by itself. Where that did not help or cannot, the question would be asked
            # and the card shown for ever.
            return Outgoing("", card=link_card(link, say, text=_text(needed)), links=(link,))
        return Outgoing("", card=oauth_card(self.bot_id, link, secrets.token_urlsafe(16), say, text=_text(needed)))


def _text(needed: SignInNeeded | None) -> str:
    """A key of `bot.texts`."""
    if isinstance(needed, ConsentRequired):
        return MORE
    return TEXT if needed is None or needed.code == "no_grant" else AGAIN
