"""A turn nobody spoke: a digest asks models as any message does, past the same rules and counted the same, and shows nothing yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.choice import chosen_model, require, spoken_with
from bot.context import Conversation, Incoming, Outgoing, Place, Reference
from bot.digests.work import Later, NotNow, Work
from bot.services import Turn
from bot.texts import Texts, languages
from graph.errors import SignInNeeded


@dataclass
class Kept:
    """A stream nobody watches."""

    finished: Outgoing | None = None
    message_id: str = ""

    async def status(self, text: str) -> None:
        del text

    async def text(self, delta: str) -> None:
        del delta

    async def restart(self, status: str) -> None:
        del status

    async def written(self) -> None:
        pass

    async def finish(self, message: Outgoing) -> None:
        self.finished = message


@dataclass
class Aside:
    """The conversation it will be sent to, written into by nobody yet. `there`: the real one, for who can read in it."""

    reference: Reference
    there: Conversation | None = None
    kept: Kept = field(default_factory=Kept)

    async def send(self, message: Outgoing) -> str:
        del message
        return ""

    async def update(self, id: str, message: Outgoing) -> None:
        del id, message

    def stream(self) -> Kept:
        return self.kept

    async def typing(self) -> None:
        pass

    async def send_privately(self, message: Outgoing) -> str:
        del message
        return ""

    async def group_id(self) -> str:
        return await self.there.group_id() if self.there is not None else ""

    async def members(self) -> frozenset[str] | None:
        return await self.there.members() if self.there is not None else None


async def there(work: Work) -> tuple[Conversation, frozenset[str]] | None:
    """A shared place and who reads there; None for a personal chat. The owner has to be among them still: what they may no
    longer see they may no longer have sent there. Raises `NotNow`, `Later`.
    """
    if work.here.place is Place.PERSONAL:
        return None
    conversation = await work.services.open_conversation(work.here.id, work.person)
    if conversation is None:
        raise NotNow("gone")
    members = await conversation.members()
    if members is None:
        raise Later("graph")
    if work.person.id not in members:
        raise NotNow("right")
    return conversation, members


def turn_of(work: Work, aside: Aside, say: Texts, text: str = "") -> tuple[Turn, list[SignInNeeded]]:
    """The turn, and what it found to be lacking of a sign-in. `text`: what is asked."""
    needed: list[SignInNeeded] = []

    async def note(turn: Turn, wanted: SignInNeeded | None) -> None:
        del turn
        needed.append(wanted or SignInNeeded("The person has to sign in."))

    async def nothing() -> None:
        pass

    async def nowhere(turn: Turn, question: str) -> bool:
        del turn, question
        return False

    services = replace(work.services, ask_to_sign_in=note, ask_privately=nowhere)
    asked = Incoming(work.run.activity_id, text, work.here)
    return Turn(asked, aside, services, nothing, say, digest=True), needed


async def model_of(turn: Turn, options: Mapping[str, object]) -> str:
    """What was chosen for it, as long as there is such a model; else what would answer here. Raises `NotPermitted`."""
    wanted = options.get("model")
    if isinstance(wanted, str) and wanted in turn.services.models:
        await require(turn, wanted)
        return wanted
    chosen = await chosen_model(turn)
    await require(turn, chosen.name)
    return chosen.name


async def language_of(work: Work) -> Texts:
    """As the owner asked for it, else the one they are spoken with."""
    asked = work.subscription.options.get("language")
    if isinstance(asked, str) and asked in languages():
        return Texts(asked)
    return await spoken_with(work.services.preferences, work.here)
