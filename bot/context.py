"""The product's own words for a conversation. Commands see these and nothing of Teams."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who talks to us. `id` is the Entra object id; `channel_id` the id the channel uses (Teams: `29:...`)."""

    id: str
    name: str
    tenant: str
    channel_id: str = ""


class Place(Enum):
    PERSONAL = "personal"
    GROUP = "group"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Reference:
    """Enough to write into a conversation later: what is stored as the conversation reference."""

    id: str
    """Conversation id, for a channel with its thread root (`;messageid=`)."""
    place: Place
    tenant: str
    service_url: str
    bot_id: str
    """The bot's channel id (`28:...`)."""
    person: Person
    """Who spoke, or whose personal chat it is."""
    team_id: str = ""
    locale: str = "en-US"
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Audience:
    """Who will see an answer. Everything that goes into it must be readable by all of them."""

    asker: str
    """Entra object id."""
    members: frozenset[str] | None
    """Entra object ids of everybody in the conversation; None when that cannot be known."""
    personal: bool = False
    """A personal chat: nobody but the asker reads along."""

    def may_learn(self, readers: frozenset[str] | None) -> bool:
        """Whether something with these readers (None: nobody knows) may be shown here."""
        if self.personal:
            return True
        return readers is not None and self.members is not None and self.members <= readers


@dataclass(frozen=True, slots=True)
class Sent:
    """Something a person put into a message besides words. All fields are hostile until parsed."""

    kind: Literal["file", "image", "message", "link"]
    name: str = ""
    content_type: str = ""
    url: str = ""
    """Where it is: a SharePoint address, the connector's attachment, a link in the text."""
    download_url: str = ""
    """Pre-authenticated and short-lived; a bearer credential, never logged."""
    id: str = ""
    """Drive item, message or attachment id."""
    text: str = ""
    """Of a forwarded or quoted message: its words as they came."""
    author: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing a person said or clicked."""

    id: str
    text: str
    """Without the bot's own mention."""
    reference: Reference
    value: Mapping[str, Any] | None = None
    """A card's submitted data; hostile until parsed."""
    reply_to: str = ""
    quoted: tuple[Sent, ...] = ()
    """Messages the person quoted, of kind `message`, as far as Teams shows them: evidence and never an instruction."""
    sent: tuple[Sent, ...] = ()
    targeted: bool = False
    """Only this person and we can see it, though it stands in a shared conversation: so must the answer."""
    mentioned: bool = True
    """Somebody addressed us; False for what we merely hear in a thread we follow."""
    people: tuple[Person, ...] = ()
    """Others who are mentioned in it, each once. `id` is empty where the channel gives only its own."""
    action: Literal["", "edited", "about"] = ""
    """`edited`: these words took the place of earlier ones with the same id. `about`: asked through the message extension
    about a message, so that nobody sees the question where it is answered."""

    @property
    def kept_under(self) -> str:
        """What this turn's transcript and answer are filed under: a private question in a shared place has a file of its own."""
        person = self.reference.person
        return f"{self.reference.id};only={person.id or person.channel_id}" if self.targeted else self.reference.id

    @property
    def private_to(self) -> str:
        """Entra object id of the one person who sees what is filed there; empty where others do."""
        alone = self.targeted or self.reference.place is Place.PERSONAL
        return self.reference.person.id if alone else ""


@dataclass(frozen=True, slots=True)
class Citation:
    """Numbered as the reader sees it: `[position]` in the text."""

    position: int
    title: str
    link: str
    abstract: str
    kind: str
    """`graph.base.Document.kind`."""
    label: str = ""
    """The name of its sensitivity label; empty when it has none."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to people. `text` is Markdown; the channel puts it, and the card, through the output gate."""

    text: str
    citations: tuple[Citation, ...] = ()
    model: str = ""
    """The model that really answered; empty for fixed texts."""
    ai: bool = False
    """Marks it as AI generated and asks for feedback."""
    card: Mapping[str, Any] | None = None
    """A card of the channel, as an attachment object ({"contentType", "content"})."""
    notices: tuple[str, ...] = field(default=())
    """Sentences shown apart from the answer: a failed source, another model than asked for."""
    label: str = ""
    """The name of the most restricted sensitivity label among the sources."""
    label_note: str = ""
    """What that label means, for whoever points at it."""
    mentions: tuple[Person, ...] = ()
    """Who is notified. They stand before the text, or, in a text no model wrote, where it says `<at>Name</at>`."""
    suggestions: tuple[str, ...] = ()
    """What the person may want to say next: at most 3, 80 characters each. Not shown beside a card."""
    links: tuple[str, ...] = ()
    """Whole https addresses that text and card may link to, besides those of the citations."""
    link_hosts: frozenset[str] = frozenset()
    """Hosts the tenant allows links to (`Services.link_hosts`); never with a query of the model's making."""
    language: str = ""
    """Two letters, for what the channel adds; empty: the conversation's own."""


class Stream(Protocol):
    """One answer in the making. Nothing is shown twice: status and text end in the same message that `finish` completes."""

    async def status(self, text: str) -> None:
        """Says what is being done ("Reading 3 mails")."""
        ...

    async def text(self, delta: str) -> None: ...

    async def restart(self, status: str) -> None:
        """Takes back all text so far; the answer begins anew in the same message. `status` as above, in place of the text."""
        ...

    async def written(self) -> None:
        """All of the text is there and `finish` comes at once: it shall not have to keep its distance from a last glimpse."""
        ...

    @property
    def message_id(self) -> str:
        """The channel's id of the message it is shown in; empty before there is one, and where messages have no ids."""
        ...

    async def finish(self, message: Outgoing) -> None:
        """The final message replaces all that was shown. Must be called exactly once."""
        ...


class Receipt(Protocol):
    """What must survive a crash about the answer to one incoming activity.

    The rule that keeps "never lost" and "never twice" apart: content goes out either by PUT on a message whose id was
    stored first (repeatable), or by one POST that was announced by `sending` first (never replayed, only apologised for).
    """

    @property
    def reply_id(self) -> str:
        """The channel's id of the message that is or will become the answer; empty until one was placed."""
        ...

    @property
    def more(self) -> tuple[str, ...]:
        """The ids of further messages of the same answer, for one that is too long for one message; in their order."""
        ...

    async def placed(self, reply_id: str) -> None:
        """A placeholder or stream was accepted under this id: the first is `reply_id`, those after it are `more`.

        Raises `Superseded` if another process took the turn over.
        """
        ...

    async def sending(self) -> None:
        """The content is about to be posted without a placeholder. Raises `Superseded`."""
        ...


class Superseded(Exception):
    """Another process owns this turn now; stop without sending anything."""


class StopRequested(Exception):
    """The person pressed Stop: end the model's work. Nothing more is shown; `finish` may still be called and does nothing."""


class Conversation(Protocol):
    reference: Reference

    async def send(self, message: Outgoing) -> str:
        """Returns the channel's id of the message."""
        ...

    async def update(self, id: str, message: Outgoing) -> None: ...

    def stream(self) -> Stream: ...

    async def typing(self) -> None: ...

    async def send_privately(self, message: Outgoing) -> str:
        """For the person alone: as a message only they see in this place, else in the personal chat.

        Returns `here`, `personal`, or nothing when there is no way to reach them.
        """
        ...

    async def group_id(self) -> str:
        """Entra object id of the team this channel belongs to; empty outside teams, and when it cannot be known."""
        ...

    async def members(self) -> frozenset[str] | None:
        """Entra object ids of everybody who can read here, guests included; None when it cannot be known."""
        ...
