"""The conversations as the people in them see them: what the bot sent, changed and deleted, in order."""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from infra.local.company import access
from infra.local.company.model import Channel, Chat, Person
from infra.local.rates import Windows
from infra.local.streaming import Stream
from infra.local.world import World

Kind = Literal["personal", "groupChat", "channel"]
THREAD = ";messageid="


@dataclass(slots=True)
class Message:
    """One message in a conversation, as it is now and as it was."""

    id: str
    conversation_id: str
    """With `;messageid=` for a thread of a channel."""
    author: str
    """Person id, or `bot`."""
    at: datetime
    activity: dict[str, Any]
    history: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Earlier versions: updates and streamed chunks, oldest first."""
    reply_to: str = ""
    streaming: bool = False
    """Still growing."""
    deleted: bool = False
    only_for: str = ""
    """Person id, for a targeted message."""
    reactions: list[str] = field(default_factory=list[str])
    changed_at: datetime | None = None

    @property
    def text(self) -> str:
        return str(self.activity.get("text") or "")

    def show(self, activity: dict[str, Any], at: datetime) -> None:
        self.history.append(self.activity)
        self.activity, self.changed_at = activity, at


@dataclass(slots=True)
class Conversation:
    id: str
    """Without thread."""
    kind: Kind
    messages: list[Message] = field(default_factory=list[Message])
    streams: dict[str, Stream] = field(default_factory=dict[str, Stream])
    typing: list[datetime] = field(default_factory=list[datetime])
    by_id: dict[str, Message] = field(default_factory=dict[str, Message])

    def add(self, message: Message) -> Message:
        self.messages.append(message)
        self.by_id[message.id] = message
        return message

    def thread(self, conversation_id: str) -> list[Message]:
        """Messages of one thread of a channel, or all of a chat."""
        return [m for m in self.messages if m.conversation_id == conversation_id or self.kind != "channel"]


@dataclass(slots=True)
class StoredAttachment:
    name: str
    content_type: str
    data: bytes


@dataclass(slots=True)
class ConnectorState:
    """`world.state["connector"]`."""

    conversations: dict[str, Conversation] = field(default_factory=dict[str, Conversation])
    violations: list[str] = field(default_factory=list[str])
    """What the bot sent that does not fit Microsoft's Swagger, or that Teams would silently cut."""
    broken: list[str] = field(default_factory=list[str])
    """Rules of conduct the bot broke, each with the conversation it was in: see `infra.local.conduct`."""
    no_streaming: set[str] = field(default_factory=set[str])
    """Conversations in which Teams refuses to stream."""
    refusals: dict[str, str] = field(default_factory=dict[str, str])
    """Conversation id -> an error code of `connector_errors.REFUSALS` for every call about it."""
    attachments: dict[str, StoredAttachment] = field(default_factory=dict[str, StoredAttachment])
    windows: Windows = field(default_factory=Windows)
    throttled: int = 0
    """Requests answered 429 by the rate windows."""
    last_id: int = 0
    tokens: dict[str, int] = field(default_factory=dict[str, int])
    """Verified bot tokens and their expiry."""
    personal: dict[str, str] = field(default_factory=dict[str, str])
    """Conversation id -> person id."""

    def new_id(self, world: World) -> str:
        """Milliseconds since 1970, never twice, as Teams numbers messages."""
        self.last_id = max(self.last_id + 1, int(world.clock.now().timestamp() * 1000))
        return str(self.last_id)


def connector_state(world: World) -> ConnectorState:
    found: Any = world.state.get("connector")
    if isinstance(found, ConnectorState):
        return found
    state = ConnectorState(personal={personal_chat(world, person): person.id for person in world.company.people})
    world.state["connector"] = state
    return state


def personal_chat(world: World, person: Person) -> str:
    """The conversation id of a person's chat with the bot."""
    digest = hashlib.sha256(f"{world.app_id}/{person.id}".encode()).digest()
    return f"a:1{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def split(conversation_id: str) -> tuple[str, str]:
    """(conversation, thread root or nothing)."""
    base, _, root = conversation_id.partition(THREAD)
    return base, root


def conversation(world: World, conversation_id: str) -> Conversation | None:
    """By id, with or without thread; None when the company has no such chat or channel."""
    state = connector_state(world)
    base, root = split(conversation_id)
    kind = _kind(world, state, base)
    if kind is None or (THREAD in conversation_id and (kind != "channel" or not root.isdecimal() or int(root) == 0)):
        return None
    return state.conversations.setdefault(base, Conversation(base, kind))


def roster(world: World, place: Conversation) -> list[Person]:
    """The people in it, in the company's order."""
    if place.kind == "personal":
        return [world.person(connector_state(world).personal[place.id])]
    found = channel(world, place.id) or chat(world, place.id)
    members = access.members_of(world.company, found) if found else frozenset[str]()
    return [person for person in world.company.people if person.id in members]


def channel(world: World, id: str) -> Channel | None:
    return next((c for c in world.company.channels if c.id == id), None)


def chat(world: World, id: str) -> Chat | None:
    return next((c for c in world.company.chats if c.id == id), None)


def _kind(world: World, state: ConnectorState, base: str) -> Kind | None:
    if base in state.personal:
        return "personal"
    if channel(world, base):
        return "channel"
    return "groupChat" if chat(world, base) else None
