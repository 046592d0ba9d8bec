"""What happens to a row of the inbox: a turn for the router, an apology, or nothing to say; and how sign-in interrupts a turn."""

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from bot.cards.seal import NotOurs
from bot.choice import spoken_with
from bot.context import Incoming, Outgoing, Person, Place, Receipt, Reference
from bot.digests.service import go_on
from bot.interrupts import Interrupts, is_stop
from bot.listening import worth_storing
from bot.router import Router
from bot.services import Services, Turn
from bot.signin.asking import SignInCards
from bot.signin.cards import link_card
from bot.stopping import Stopping
from bot.store.answers import Answer
from bot.store.entry import Entry
from bot.store.pending import Pending, incoming_to_json
from bot.store.references import References
from bot.teams.activities import addressed, incoming, reference
from bot.teams.conversation import Office, TeamsConversation
from bot.teams.errors import Blocked, ConnectorError, ConversationGone, MessageGone
from bot.teams.invokes import Rating
from bot.turns import Turns
from graph.errors import ConsentRequired, SignInNeeded

log = logging.getLogger(__name__)

OURS = "parley/"
"""How the kinds begin that no other program may send us."""
CLICK = "parley/click"
"""Our own kind of activity: a button of a card, opened by the seal before it was admitted."""
ASKED_PRIVATELY = "parley/askedPrivately"
"""Our own kind of activity: a question from a shared place, to be answered in its asker's personal chat."""
ASKED_ABOUT = "parley/askedAbout"
"""Our own kind of activity: a question about a message somebody chose, asked through the message extension."""
RATED = "parley/rated"
"""Our own kind of activity: a thumb on one of our answers."""
SIGNED_IN = "parley/signedIn"
"""Our own kind of activity: the question that waited for a sign-in, admitted once more."""
AGAIN_SUFFIX = ":signed-in"
"""At the end of such a question's id, once for each sign-in it waited for: a second wait must not look like a repeated delivery."""


def ids_of(message_id: str) -> tuple[str, ...]:
    """What a message's turns may be called: it may have waited for a sign-in, and for a second permission."""
    return message_id, f"{message_id}{AGAIN_SUFFIX}", f"{message_id}{AGAIN_SUFFIX}{AGAIN_SUFFIX}"


class Answering:
    """`handle` and `apologise` are what `Turns` calls. `services` and `turns` are set once everything stands.

    `events` say what an activity's kind means, by any name; `bot/events` holds them.
    """

    services: Services
    turns: Turns

    def __init__(
        self,
        router: Router,
        office: Office,
        references: References,
        pending: Pending,
        cards: SignInCards,
        events: Mapping[str, "Event"],
    ) -> None:
        self.router = router
        self.office = replace(office, on_gone=self.gone)
        self.references = references
        self.pending = pending
        self._cards = cards
        self.interrupts = Interrupts(now=time.monotonic)
        self._events = {kind: event for event in events.values() for kind in event.kinds}

    @property
    def kinds(self) -> frozenset[str]:
        """What we take from Teams. Our own kinds are made here, from what was checked, and never taken from outside."""
        return frozenset(kind for kind in self._events if not kind.startswith(OURS))

    async def admit(self, conversation_id: str, activity_id: str, activity: Mapping[str, Any]) -> None:
        """`Turns.admit`; what ends the answer under way does so at once. What others say to each other is not even stored."""
        if not await worth_storing(self.services, activity):
            return
        if activity.get("type") == "conversationUpdate":
            # Now, and not when its turn comes: an answer under way in this conversation must notice who joined.
            self.office.roster.forget(reference(dict(activity)))
        await self.turns.admit(conversation_id, activity_id, activity)
        if (
            activity.get("type") == "message"
            and addressed(dict(activity))
            and is_stop(str(activity.get("text") or "").rpartition(">")[2])
        ):
            self.interrupts.heard(incoming(dict(activity)))

    async def gone(self, where: Reference, why: ConnectorError) -> None:
        """Nobody is there any more, or we are not wanted: nothing is planned for this conversation until somebody speaks in it."""
        log.info("a conversation is closed to us: %s %s", type(why).__name__, why.code)
        await self.references.delete(where.id)
        await self.services.subscriptions.pause_place(where.id, "gone")

    async def handle(self, entry: Entry, receipt: Receipt) -> None:
        """Kinds nobody is interested in are done by being admitted."""
        event = self._events.get(str(entry.activity.get("type")))
        if event is not None:
            await event.run(self, entry.activity, receipt)

    async def apologise(self, entry: Entry, receipt: Receipt) -> None:
        """For a turn that can't be answered any more: one short sentence, in place of what was shown."""
        event = self._events.get(str(entry.activity.get("type")))
        if event is not None and event.ended is not None:
            await event.ended(self, entry.activity)
            return
        said = event.said(entry.activity) if event is not None and event.said is not None else None
        if said is None or not (said.mentioned or receipt.reply_id):
            return
        say = await spoken_with(self.services.preferences, said.reference)
        text = say("trouble.interrupted")
        if not entry.uncertain:
            text = say("trouble.referenced", text=say("trouble.failed"), reference=entry.reference)
        await self.conversation(said, receipt).stream().finish(Outgoing(text), placed=True)

    async def ask_to_sign_in(self, turn: Turn, needed: SignInNeeded | None, *, why: str = "") -> None:
        """The card goes to the personal chat only: its link is for one person. `why`: what stands above it."""
        silently = not turn.incoming.id.endswith(AGAIN_SUFFIX)
        card = replace(self._cards.card(turn.person, needed, turn.say, silently=silently), text=why)
        if turn.incoming.reference.place is Place.PERSONAL:
            await turn.conversation.stream().finish(card)
            return
        personal = await self.personal_chat(turn.incoming.reference)
        if personal is not None:
            try:
                await TeamsConversation(personal, self.office).send(card)
            except (ConversationGone, Blocked):
                personal = None  # they blocked us there, and ask us here
        text = turn.say("sign_in.in_personal_chat" if personal else "sign_in.no_personal_chat")
        await turn.conversation.stream().finish(Outgoing(text))

    async def offer_consent(self, turn: Turn, needed: ConsentRequired) -> None:
        """`Services.offer_consent`: in the personal chat, beside an answer that was given without."""
        personal = await self.personal_chat(turn.incoming.reference)
        if personal is None:
            return
        link = self._cards.link(turn.person, scopes=needed.scopes)
        try:
            await TeamsConversation(personal, self.office).send(
                Outgoing("", card=link_card(link, turn.say, text="place.consent"), links=(link,))
            )
        except ConnectorError as error:
            log.info("permissions could not be asked for: %s", type(error).__name__)

    async def on_signed_in(self, person: Person) -> None:
        """Goes on with the question that waited, as an activity of its own: durable, and answered once."""
        await self.services.leavers.back(person.id)
        waited = await self.pending.take(person.id)
        if waited is not None:
            again = replace(waited, id=f"{waited.id}{AGAIN_SUFFIX}")
            activity = {"type": SIGNED_IN, "incoming": incoming_to_json(again)}
            await self.turns.admit(again.reference.id, again.id, activity)
        await go_on(self.services, person.id)

    async def clicked(self, click: Incoming) -> str:
        """A button of one of our cards: checked at once, then done like a message, durably and in order. Returns what Teams shows."""
        say = await spoken_with(self.services.preferences, click.reference)
        try:
            opened = self.services.seal.open(
                click.value or {}, person_id=click.reference.person.id, conversation_id=click.reference.id
            )
        except NotOurs:
            return say("click.not_yours")
        if not self.router.knows(opened.verb):
            return say("click.not_yours")
        activity = {
            "type": CLICK, "verb": opened.verb, "data": dict(opened.data), "incoming": incoming_to_json(replace(click, value=None)),
        }  # fmt: skip
        await self.turns.admit(click.reference.id, click.id, activity)
        return say("click.received")

    async def rated(self, rating: Rating) -> None:
        """A thumb: durable at once, what follows from it is done in order."""
        said = rating.said
        activity = {
            "type": RATED, "liked": rating.liked, "text": rating.text, "incoming": incoming_to_json(said),
        }  # fmt: skip
        await self.turns.admit(said.reference.id, said.id, activity)

    async def run_turn(self, said: Incoming, receipt: Receipt) -> None:
        """Something a person said, answered by the router."""
        async with self.turn(said, receipt) as turn:
            await self.router.run(turn)

    async def run_click(self, said: Incoming, verb: str, data: Mapping[str, Any], receipt: Receipt) -> None:
        async with self.turn(said, receipt) as turn:
            await self.router.click(turn, verb, data)

    @asynccontextmanager
    async def turn(self, said: Incoming, receipt: Receipt) -> AsyncGenerator[Turn]:
        async def keep_for_later() -> None:
            await self.pending.save(said.reference.person.id, said)

        with self.interrupts.running(said) as stopping, self.services.telemetry.turn(said):
            conversation = self.conversation(said, receipt, stopping)
            say, ended = await spoken_with(self.services.preferences, said.reference), self.interrupts.ended(said)
            try:
                yield Turn(said, conversation, self.services, keep_for_later, say, stopping, ended)
            finally:
                await conversation.aclose()

    async def ask_privately(self, turn: Turn, question: str) -> bool:
        """`Services.ask_privately`: durable, and in order with what is said in the personal chat."""
        personal = await self.personal_chat(turn.incoming.reference)
        if personal is None:
            return False
        said = turn.incoming
        there = replace(personal, person=said.reference.person)
        # What Teams only marked in a shared message can't be found from another place.
        sent = tuple(one for one in said.sent if one.url or one.download_url)
        asked = Incoming(f"{said.id}:privately", question, there, sent=sent, quoted=said.quoted)
        activity = {"type": ASKED_PRIVATELY, "from": said.reference.id, "incoming": incoming_to_json(asked)}
        await self.turns.admit(personal.id, asked.id, activity)
        return True

    async def open_conversation(self, id: str, person: Person) -> TeamsConversation | None:
        """`Services.open_conversation`."""
        known = await self.references.near(id)
        if known is None:
            return None
        self.office.roster.forget(known)  # who is there is asked at this moment
        return TeamsConversation(replace(known, person=person), self.office)

    def conversation(
        self, said: Incoming, receipt: Receipt | None = None, stopping: Stopping | None = None, *, patient: bool = False
    ) -> TeamsConversation:
        """Where something was said; to what only its person sees, only they see what is answered.

        `patient`: what is written there lets everybody else go first.
        """
        privately = said.id if said.targeted else ""
        office = replace(self.office, connector=self.office.connector.patient()) if patient else self.office
        return TeamsConversation(said.reference, office, receipt, stopping, privately=privately)

    async def replace(self, answer: Answer, message: Outgoing) -> None:
        """Puts something short in place of an answer, whatever it was; the further messages of a long one go."""
        conversation = self.conversation(answer.kept.asked)
        try:
            await conversation.update(answer.message_id, message)
            for part in await self.turns.replies.parts(conversation.reference.id, answer.message_id):
                await conversation.delete(part)
        except (MessageGone, ConversationGone, Blocked) as why:
            log.info("an answer was not replaced: %s", type(why).__name__)

    async def personal_chat(self, here: Reference) -> Reference | None:
        """Known from then on, should it have been opened for this."""
        found = await self.office.personal(here)
        if found is not None and found.id != here.id:
            await self.references.save(found)
        return found


@dataclass(frozen=True, slots=True)
class Event:
    """What a file in `bot/events` exports as `EVENT`: some kinds of activities, and what each of them means."""

    kinds: tuple[str, ...]
    """Values of the activity's `type`."""
    run: Callable[[Answering, Mapping[str, Any], Receipt], Awaitable[None]]
    said: Callable[[Mapping[str, Any]], Incoming | None] | None = None
    """For kinds somebody waits for an answer to: to whom an apology goes when there can't be one."""
    ended: Callable[[Answering, Mapping[str, Any]], Awaitable[None]] | None = None
    """For kinds nobody waits for: what is done instead of an apology."""
