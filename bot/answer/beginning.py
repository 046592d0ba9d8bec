"""How every answer begins: who may ask at all, what is said while evidence is gathered; and how one ends that can't be given here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.answer import consents
from bot.answer.gathering import Gathered, gather
from bot.answer.newcomers import Outgrown, answer_privately
from bot.choice import require
from bot.context import Incoming, Outgoing, Place, Stream
from bot.grounding.queries import small_talk
from bot.policy.rules import NotPermitted
from bot.services import Turn
from graph.errors import ConsentRequired, SignInNeeded


@dataclass(frozen=True, slots=True)
class Begun:
    turn: Turn
    """Its message is the one that is answered."""
    stream: Stream
    gathered: Gathered
    searched: bool

    @property
    def question(self) -> str:
        return self.turn.incoming.text


async def guarded(turn: Turn, asked: Incoming, work: Callable[[], Awaitable[None]]) -> None:
    """Sign-in is asked for when `work` needs it; what people who joined may not see goes to the asker alone."""
    if turn.services.sources and not turn.person.id:
        await turn.conversation.stream().finish(Outgoing(turn.say("sign_in.without_account")))
        return
    try:
        await work()
    except SignInNeeded as needed:
        await turn.keep_for_later()
        await turn.services.ask_to_sign_in(turn, needed)
    except Outgrown:
        await answer_privately(turn, asked.text)


async def signed_in(turn: Turn, asked: Incoming) -> bool:
    """Whether sources are searched for it. Raises `SignInNeeded`, before anything is shown."""
    searches = bool(turn.services.sources) and not small_talk(asked.text)
    if searches:
        await turn.services.sign_in.graph_token(turn.person, turn.services.scopes)
    return searches


async def begin(turn: Turn, asked: Incoming, model: str, *, beside: str = "") -> Begun:
    """Gathers for `model`, and for the one `beside` it when two are asked the same: configured names.

    Raises `NotPermitted` for a model that may not be asked here, and what `gather` raises.
    """
    searches = await signed_in(turn, asked)
    for name in (model, beside):
        if name:
            await _required(turn, name)
    stream = turn.conversation.stream()
    if searches:
        personal = turn.incoming.reference.place is Place.PERSONAL
        await stream.status(turn.say("answer.searching_own" if personal else "answer.searching"))
    seen = replace(turn, incoming=asked)
    gathered = await gather(seen, asked.text, model, searches=searches, beside=beside)
    if gathered.passages:
        read = {passage.document.id for passage in gathered.passages}
        await stream.status(turn.say("answer.reading", n=len(read)))
    return Begun(seen, stream, gathered, searches)


async def _required(turn: Turn, name: str) -> None:
    """As `require`; where the rules could not know somebody because a permission is missing, it is asked for besides."""
    try:
        await require(turn, name)
    except NotPermitted:
        needed = (await turn.services.asker(turn.person)).needed
        if isinstance(needed, ConsentRequired):
            await consents.offer(turn, needed.scopes)
        raise


def asked_elsewhere(turn: Turn, asked: Incoming) -> str:
    """A question that was typed into a dialog stands nowhere in the chat, so the answer begins with it."""
    if asked.action != "about":
        return ""
    author = next((one.author for one in asked.sent if one.author), "")
    said = turn.say("sent.message_by", name=author) if author else turn.say("sent.message")
    return f"{turn.say('compose.above', question=' '.join(asked.text.split()), message=said)}\n\n"
