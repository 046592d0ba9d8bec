"""What happens to a row of the inbox: a turn for the router, an apology, or nothing to say; and how sign-in interrupts a turn."""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bot.context import Incoming, Outgoing, Person, Place, Receipt, Reference
from bot.router import Router
from bot.services import Services, Turn
from bot.signin.cards import AGAIN, MORE, TEXT, link_card, oauth_card
from bot.store.entry import Entry
from bot.store.pending import Pending, incoming_from_json, incoming_to_json
from bot.store.references import References
from bot.teams.activities import incoming, reference
from bot.teams.conversation import Office, TeamsConversation
from bot.teams.errors import ConnectorError
from bot.turns import Turns
from graph.errors import ConsentRequired, SignInNeeded

log = logging.getLogger(__name__)

SIGNED_IN = "parley/signedIn"
"""Our own kind of activity: the question that waited for a sign-in, admitted once more."""
AGAIN_SUFFIX = ":signed-in"
"""At the end of such a question's id, once for each sign-in it waited for: a second wait must not look like a repeated delivery."""
IN_PERSONAL_CHAT = (
    "To answer this I need you to sign in. I have sent you a card in our personal chat; I'll answer here after that."
)
NO_PERSONAL_CHAT = (
    "To answer this I need you to sign in. Please open a personal chat with me, say *sign in*, and ask again here."
)
INTERRUPTED = "I was interrupted just as I was answering you. If there is no answer above, please ask again."
FAILED = "Something went wrong on my side, and I could not answer. Please ask again."


class Link(Protocol):
    """Makes a sign-in link for one person (`bot.signin.page.SignInPage.link`)."""

    def __call__(self, person: Person, *, scopes: tuple[str, ...] = (), claims: str | None = None) -> str: ...


@dataclass(frozen=True, slots=True)
class SignInCards:
    """`sso` is False for clients without single sign-on (the Playground)."""

    app_id: str
    link: Link
    sso: bool

    def card(self, person: Person, needed: SignInNeeded | None, *, silently: bool = True) -> Mapping[str, Any]:
        """`needed` is what the sign-in has to meet; None for the usual. `silently`: single sign-on may be enough."""
        claims = needed.claims if needed else None
        link = self.link(person, scopes=needed.scopes if isinstance(needed, ConsentRequired) else (), claims=claims)
        if not (self.sso and silently) or claims:
            # Teams answers a card with single sign-on by itself. Where that did not help or cannot, the question would be asked
            # and the card shown for ever.
            return link_card(link, text=_text(needed))
        return oauth_card(self.app_id, link, secrets.token_urlsafe(16), text=_text(needed))


def _text(needed: SignInNeeded | None) -> str:
    if isinstance(needed, ConsentRequired):
        return MORE
    return TEXT if needed is None or needed.code == "no_grant" else AGAIN


class Answering:
    """`handle` and `apologise` are what `Turns` calls. `services` and `turns` are set once everything stands."""

    services: Services
    turns: Turns

    def __init__(
        self, router: Router, office: Office, references: References, pending: Pending, cards: SignInCards
    ) -> None:
        self._router = router
        self._office = office
        self._references = references
        self._pending = pending
        self._cards = cards

    async def handle(self, entry: Entry, receipt: Receipt) -> None:
        kind = entry.activity.get("type")
        if kind == SIGNED_IN:
            await self._turn(incoming_from_json(entry.activity["incoming"]), receipt)
        elif kind == "message":
            said = incoming(dict(entry.activity))
            await self._references.save(said.reference)
            await self._turn(said, receipt)
        elif kind in {"installationUpdate", "conversationUpdate"}:
            where = reference(dict(entry.activity))
            self._office.roster.forget(where)
            if entry.activity.get("action") in {"remove", "remove-upgrade"}:
                await self._references.delete(where.id)
            elif where.person.id:
                await self._references.save(where)

    async def apologise(self, entry: Entry, receipt: Receipt) -> None:
        """For a turn that can't be answered any more: one short sentence, in place of what was shown."""
        if entry.activity.get("type") not in {"message", SIGNED_IN}:
            return
        said = _incoming(entry)
        text = INTERRUPTED if entry.uncertain else f"{FAILED} (Reference {entry.reference})"
        await TeamsConversation(said.reference, self._office, receipt).stream().finish(Outgoing(text))

    async def ask_to_sign_in(self, turn: Turn, needed: SignInNeeded | None) -> None:
        """The card goes to the personal chat only: its link is for one person."""
        silently = not turn.incoming.id.endswith(AGAIN_SUFFIX)
        card = Outgoing("", card=self._cards.card(turn.person, needed, silently=silently))
        if turn.incoming.reference.place is Place.PERSONAL:
            await turn.conversation.stream().finish(card)
            return
        personal = await self._personal_chat(turn.incoming.reference)
        if personal is not None:
            await TeamsConversation(personal, self._office).send(card)
        text = IN_PERSONAL_CHAT if personal else NO_PERSONAL_CHAT
        await turn.conversation.stream().finish(Outgoing(text))

    async def on_signed_in(self, person: Person) -> None:
        """Goes on with the question that waited, as an activity of its own: durable, and answered once."""
        waited = await self._pending.take(person.id)
        if waited is not None:
            again = replace(waited, id=f"{waited.id}{AGAIN_SUFFIX}")
            activity = {"type": SIGNED_IN, "incoming": incoming_to_json(again)}
            await self.turns.admit(again.reference.id, again.id, activity)

    async def _turn(self, said: Incoming, receipt: Receipt) -> None:
        conversation = TeamsConversation(said.reference, self._office, receipt)

        async def keep_for_later() -> None:
            await self._pending.save(said.reference.person.id, said)

        try:
            await self._router.run(Turn(said, conversation, self.services, keep_for_later))
        finally:
            await conversation.aclose()

    async def _personal_chat(self, here: Reference) -> Reference | None:
        known = await self._references.personal(here.person.id)
        if known is not None:
            return known
        parameters = {
            "isGroup": False,
            "bot": {"id": here.bot_id},
            "members": [{"id": here.person.channel_id}],
            "tenantId": here.tenant,
            "channelData": {"tenant": {"id": here.tenant}},
        }
        try:
            created = await self._office.connector.create(here.service_url, parameters)
        except ConnectorError as error:
            log.info("no personal chat could be opened: %s", type(error).__name__)
            return None
        return Reference(
            created.conversation_id,
            Place.PERSONAL,
            here.tenant,
            here.service_url,
            here.bot_id,
            here.person,
            locale=here.locale,
            timezone=here.timezone,
        )


def _incoming(entry: Entry) -> Incoming:
    if entry.activity.get("type") == SIGNED_IN:
        return incoming_from_json(entry.activity["incoming"])
    return incoming(dict(entry.activity))
