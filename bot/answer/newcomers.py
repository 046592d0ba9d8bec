"""Who joins while an answer is being made must not read what was gathered for those who were there before."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.answer.gathering import Gathered
from bot.background import opening, thread
from bot.context import Audience, Outgoing, Place
from bot.services import Turn

_OWN = frozenset({opening.SOURCE, thread.SOURCE})
"""What stands in the conversation itself."""


class Outgrown(Exception):
    """The people in the conversation are not those the answer was made for."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Asked before anything of an answer is shown. As long as nobody joins, that costs a look at a list we have."""

    turn: Turn
    gathered: Gathered

    @property
    def settled(self) -> bool:
        """Whether nobody who is there can matter (`covered` says yes to everybody): then nobody is asked for."""
        audience = self.gathered.rules.audience
        return audience.personal or (audience.members is None and self.gathered.grounding.open_to is None)

    async def check(self) -> None:
        """Raises `Outgrown`."""
        if self.settled:
            return
        if not covered(self.gathered, await self.turn.services.audience(self.turn)):
            raise Outgrown

    def before(self, show: Callable[[str], Awaitable[None]]) -> Callable[[str], Awaitable[None]]:
        async def checked(text: str) -> None:
            if not self.settled:
                await self.check()
            await show(text)

        return checked


def covered(gathered: Gathered, now: Audience) -> bool:
    """Whether everybody who is there now may see what the answer is made from."""
    grounding, then = gathered.grounding, gathered.rules.audience
    if grounding.open_to is not None and not now.may_learn(grounding.open_to):
        return False
    if then.members is None or (now.members is not None and now.members <= then.members):
        return True
    if gathered.rules.place is Place.GROUP:
        # Whether a new member of a chat sees what was said before was up to whoever added them.
        return not (gathered.history.messages or gathered.known.documents)
    return all(document.source in _OWN for document in gathered.known.documents)


async def answer_privately(turn: Turn, question: str) -> None:
    """In place of what was shown of the answer; the question is answered once more, for its asker alone."""
    there = await turn.services.ask_privately(turn, question)
    await turn.conversation.stream().finish(Outgoing(turn.say("privacy.joined" if there else "privacy.joined_no_chat")))
