"""A conversation that notes what is shown, and around it the real router, commands, grounding and transcripts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from bot.app import router
from bot.choice import model_words, spoken_with
from bot.context import Incoming, Outgoing, Person, Place, Reference
from bot.services import Services, Turn
from bot.signin.tokens import SignIn
from bot.texts import Texts
from graph.base import Document, Query, SourceSpec
from graph.client import Graph
from graph.errors import NotFound, SignInNeeded
from tests.agent.fakes import ScriptedProvider

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SOFIA = Person("sofia-id", "Sofia Almeida", "tenant-1", "29:sofia")
PERSONAL = Reference("chat-1", Place.PERSONAL, "tenant-1", "https://service.example/", "28:bot", SOFIA)


class Stream:
    """`deltas` is the text as it grew, `finished` every final message. `stop` is raised instead of taking more text."""

    def __init__(self) -> None:
        self.statuses: list[str] = []
        self.deltas: list[str] = []
        self.finished: list[Outgoing] = []
        self.stop: Exception | None = None
        self.message_id = ""

    async def status(self, text: str) -> None:
        self.statuses.append(text)

    async def text(self, delta: str) -> None:
        if self.stop is not None:
            raise self.stop
        self.deltas.append(delta)

    async def restart(self, status: str) -> None:
        self.statuses.append(status)
        self.deltas.clear()

    async def written(self) -> None:
        pass

    async def finish(self, message: Outgoing) -> None:
        self.finished.append(message)


class Conversation:
    def __init__(self, reference: Reference, members: frozenset[str] | None) -> None:
        self.reference = reference
        self.shown = Stream()
        self.sent: list[Outgoing] = []
        self.updated: list[tuple[str, Outgoing]] = []
        self.privately: list[Outgoing] = []
        self._members = members

    async def send(self, message: Outgoing) -> str:
        self.sent.append(message)
        return f"m{len(self.sent)}"

    async def update(self, id: str, message: Outgoing) -> None:
        self.updated.append((id, message))

    def stream(self) -> Stream:
        return self.shown

    async def typing(self) -> None:
        pass

    async def send_privately(self, message: Outgoing) -> str:
        self.privately.append(message)
        return "here"

    async def group_id(self) -> str:
        return ""

    async def members(self) -> frozenset[str] | None:
        return self._members


class SignedIn:
    """A sign-in that knows who has a grant and nothing of Entra; tests/signin has the real one."""

    def __init__(self) -> None:
        self.grants = {SOFIA.id}
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def graph_token(self, person: Person, scopes: tuple[str, ...], claims: str | None = None) -> str:
        del claims
        self.asked.append((person.id, scopes))
        if person.id not in self.grants:
            raise SignInNeeded("Nobody is signed in.")
        return "token"

    async def signed_in(self, person: Person) -> bool:
        return person.id in self.grants

    async def sign_out(self, person: Person) -> None:
        self.grants.discard(person.id)


@dataclass
class Shelf:
    """A source of documents: finds all of them for any words, and fails as told."""

    documents: dict[str, Document] = field(default_factory=dict[str, Document])
    asked: list[Query] = field(default_factory=list[Query])
    fails: Exception | None = None
    readable_by: frozenset[str] | None = None
    name: ClassVar[str] = "files"
    scopes: ClassVar[tuple[str, ...]] = ("Files.Read.All",)

    def put(self, title: str, text: str) -> Document:
        id = f"files:{len(self.documents)}"
        self.documents[id] = Document(
            id, "files", "word", title, f"https://example.org/{len(self.documents)}", "Tomas Lindgren", NOW, text
        )
        return self.documents[id]

    async def search(self, query: Query, *, top: int) -> list[Document]:
        self.asked.append(query)
        if self.fails is not None:
            raise self.fails
        return [replace(document, text="") for document in self.documents.values()][:top]

    async def read(self, id: str) -> Document:
        if id not in self.documents:
            raise NotFound("There is no such file.", status=404)
        return self.documents[id]

    async def readers(self, id: str) -> frozenset[str] | None:
        del id
        return self.readable_by

    def spec(self) -> SourceSpec:
        def opened(_: Graph) -> "Shelf":
            return self

        return SourceSpec(self.name, "files", self.scopes, opened)


@dataclass
class Desk:
    """`says` runs one turn through the router; what came of it is in `conversation` and the lists."""

    services: Services
    provider: ScriptedProvider
    shelf: Shelf
    sign_in: SignedIn
    asked_to_sign_in: list[tuple[Turn, SignInNeeded | None]]
    reference: Reference = PERSONAL
    members: frozenset[str] | None = None
    kept: list[str] = field(default_factory=list[str])
    turns: int = 0
    stop: Exception | None = None
    """Raised when the next answer begins to show."""
    conversation: Conversation = field(default_factory=lambda: Conversation(PERSONAL, None))

    async def says(self, text: str, value: Mapping[str, Any] | None = None) -> Outgoing:
        """The one final message of the turn; without one, an empty message."""
        self.conversation = Conversation(self.reference, self.members)
        self.conversation.shown.stop = self.stop
        said = self.incoming(text, value)
        self.conversation.shown.message_id = f"answer-{self.turns}"

        async def keep_for_later() -> None:
            self.kept.append(text)

        await router(model_words(self.services.models)).run(
            Turn(said, self.conversation, self.services, keep_for_later, await self._say())
        )
        finished = self.conversation.shown.finished
        assert len(finished) <= 1
        return finished[0] if finished else Outgoing("")

    async def presses(self, action: Mapping[str, Any], person: Person | None = None) -> Outgoing:
        """A button of a card that stands in message `card`: what took the card's place, or else was answered. Raises `NotOurs`."""
        who = person or self.reference.person
        self.conversation = Conversation(self.reference, self.members)
        click = self.services.seal.open(action["data"], person_id=who.id, conversation_id=self.reference.id)
        said = replace(self.incoming(""), reference=replace(self.reference, person=who), reply_to="card")

        async def keep_for_later() -> None:
            self.kept.append(click.verb)

        turn = Turn(said, self.conversation, self.services, keep_for_later, await self._say())
        await router().click(turn, click.verb, click.data)
        shown = [message for id, message in self.conversation.updated if id == "card"]
        return (shown or self.conversation.shown.finished)[-1]

    async def _say(self) -> Texts:
        return await spoken_with(self.services.preferences, self.reference)

    def incoming(self, text: str, value: Mapping[str, Any] | None = None) -> Incoming:
        self.turns += 1
        return Incoming(f"turn-{self.turns}", text, self.reference, value)

    @property
    def evidence(self) -> str:
        """All that the last request to the model held besides its rules."""
        return "\n".join(str(message.parts) for message in self.provider.requests[-1].messages)


def as_sign_in(fake: SignedIn) -> SignIn:
    return cast("SignIn", fake)
