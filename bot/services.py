"""What commands work with: everything below them that the composition root has put together."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.agent.history import History
from bot.agent.loop import Limits
from bot.agent.tools import Tool
from bot.cards.seal import CardSeal
from bot.context import Audience, Conversation, Incoming, Person, Place, Reference
from bot.cost.caps import Caps
from bot.cost.tally import Tally
from bot.labels import LabelRules
from bot.policy.rules import Asker, Policy
from bot.routing.breaker import Circuits
from bot.routing.caller import Caller, Purpose, Step, through
from bot.routing.ledger import Ledger
from bot.routing.telemetry import Telemetry
from bot.signin.tokens import SignIn
from bot.stopping import Stopping
from bot.store.answers import Answers
from bot.store.feedback import Feedback
from bot.store.heard import Heard
from bot.store.leavers import Leavers
from bot.store.memories import Memories
from bot.store.personal import Personal
from bot.store.preferences import Preferences
from bot.store.runs import Runs
from bot.store.steering import Steering
from bot.store.subscriptions import Subscriptions
from bot.store.transcripts import Transcripts
from bot.texts import DEFAULT, Texts
from graph.base import SourceSpec
from graph.client import GraphClient
from graph.discover import first_scopes
from graph.errors import ConsentRequired, NotFound, SignInNeeded
from providers.base import Provider

AskToSignIn = Callable[["Turn", SignInNeeded | None], Awaitable[None]]
"""Shows the sign-in card in the person's personal chat, never in a shared place.

The error says what Microsoft asked for besides (claims, permissions); None when the person asked for the card.
"""


async def readers_of(turn: "Turn") -> Audience:
    """Who will see the answer: the asker alone, or everybody in the conversation."""
    personal = turn.incoming.reference.place is Place.PERSONAL or turn.incoming.targeted
    return Audience(turn.person.id, None if personal else await turn.conversation.members(), personal)


async def _no_other(id: str, person: Person) -> Conversation | None:
    """For fronts with one conversation only."""
    del id, person
    return None


async def _nowhere(turn: "Turn", question: str) -> bool:
    del turn, question
    return False


async def _no_attachment(url: str, max_bytes: int) -> bytes:
    """For fronts whose channel keeps none."""
    del url, max_bytes
    raise NotFound("There are no attachments here.")


async def _no_chat(here: Reference) -> Reference | None:
    return here if here.place is Place.PERSONAL else None


def _asleep() -> None:
    """For fronts without digests."""


async def _as_they_are(person: Person) -> Asker:
    """Without a directory."""
    return Asker(person)


async def _nobody_asked(turn: "Turn", needed: ConsentRequired) -> None:
    """For fronts that ask otherwise."""
    del turn, needed


@dataclass(frozen=True, slots=True)
class Services:
    models: Mapping[str, Provider]
    """By the name people use; the first is the default. A turn calls them through `Turn.model` only."""
    sources: Mapping[str, SourceSpec]
    tools: Mapping[str, Tool]
    graph: GraphClient
    sign_in: SignIn
    transcripts: Transcripts
    now: Callable[[], datetime]
    """Aware, UTC."""
    ask_to_sign_in: "AskToSignIn"
    seal: CardSeal
    preferences: Preferences
    personal: Personal
    leavers: Leavers
    history: History
    memories: Memories
    answers: Answers
    feedback: Feedback
    heard: Heard
    subscriptions: Subscriptions
    """What people asked to be told on a schedule."""
    runs: Runs
    """What became of each due time of it."""
    steering: Steering
    """What its owner changed about it with the buttons under a digest."""
    ledger: Ledger
    """What calls cost, may cost and did."""
    steps: tuple[Step, ...] = ()
    """What each model call passes on its way, in this order."""
    telemetry: Telemetry = field(default_factory=Telemetry)
    policy: Policy = field(default_factory=Policy)
    asker: Callable[[Person], Awaitable[Asker]] = _as_they_are
    """Who somebody is for the policy's rules; never fails."""
    circuits: Circuits = field(default_factory=lambda: Circuits(time.monotonic))
    """Which models are left alone for a while; all turns share them."""
    limits: Limits = field(default_factory=Limits)
    search_seconds: float = 12.0
    """How long a source may take before the answer goes on without it."""
    audience: Callable[["Turn"], Awaitable[Audience]] = readers_of
    attachment: Callable[[str, int], Awaitable[bytes]] = _no_attachment
    """(address, most bytes) -> what the channel keeps of a message, such as a pasted image. Raises `graph.errors`."""
    open_conversation: Callable[[str, Person], Awaitable[Conversation | None]] = _no_other
    """Another conversation we know, by its id, for this person to write into; None when we are not in it any more."""
    ask_privately: Callable[["Turn", str], Awaitable[bool]] = _nowhere
    """Has a question from a shared place answered in the person's personal chat; False when there is none."""
    offer_consent: "Callable[[Turn, ConsentRequired], Awaitable[None]]" = _nobody_asked
    """Asks a person privately for permissions that an answer did without."""
    personal_chat: Callable[[Reference], Awaitable[Reference | None]] = _no_chat
    """The personal chat of a reference's person, known or opened now; None when there can't be one."""
    caps: Caps = field(default_factory=Caps)
    """How many digests somebody may have, how often, and at what cost."""
    wake_digests: Callable[[], None] = _asleep
    """Has what is due looked at now, instead of within the minute."""
    link_hosts: frozenset[str] = frozenset()
    """Hosts answers may link to, besides what they cite."""

    @property
    def labels(self) -> LabelRules:
        return self.policy.labels

    @property
    def scopes(self) -> tuple[str, ...]:
        """The delegated Graph permissions no question is answered without; the others are asked for when first needed."""
        return first_scopes(self.sources)


@dataclass(frozen=True, slots=True)
class Turn:
    """One incoming message being answered."""

    incoming: Incoming
    conversation: Conversation
    services: Services
    keep_for_later: Callable[[], Awaitable[None]]
    """Keeps the question until the person has signed in; it is then answered without being asked again."""
    say: Texts = field(default_factory=lambda: Texts(DEFAULT))
    """The fixed texts, in this person's language."""
    stopping: Stopping = field(default_factory=Stopping)
    """Ends this turn's work from outside: Stop was pressed, or said."""
    has_stopped: bool = False
    """For the message *stop*: whether it ended an answer."""
    tally: Tally = field(default_factory=Tally)
    """What this turn's model calls lead to besides an answer."""
    digest: bool = False
    """Nobody said it just now: it is asked on a schedule, which is a place of its own to the policy."""

    @property
    def person(self) -> Person:
        return self.incoming.reference.person

    def model(self, name: str, purpose: Purpose = "answer", *, others: bool = False) -> Provider:
        """The configured model of this name, called for this turn: everything a call has to pass stands around it.

        `others`: another model is asked should this one fail (`Caller.others`).
        """
        said = self.incoming
        place = Place.PERSONAL if said.targeted else said.reference.place
        kind: Purpose = "digest" if self.digest else purpose
        caller = Caller(self.person, place, said.kept_under, said.id, kind, name, self.tally, others=others)
        return through(self.services.steps, self.services.models[name], caller)
