"""Where did that answer come from? What was read for it, where was searched, and what was left out and why."""

from bot.cards.sources import sources_card
from bot.context import Outgoing, Place
from bot.router import Command
from bot.services import Turn
from bot.store.answers import Kept


async def run(turn: Turn, argument: str) -> None:
    """Of the newest answer here that this person may see."""
    del argument
    answers, person_id = turn.services.answers, turn.person.id
    answer = await answers.latest(turn.incoming.kept_under, person_id)
    answer = answer or await answers.latest(turn.incoming.reference.id, person_id)
    if answer is None:
        message = Outgoing(turn.say("sources.nothing"))
    elif not await _same_readers(turn, answer.kept):
        message = Outgoing(turn.say("sources.others_joined"))
    else:
        links = tuple(read.link for read in answer.kept.read if read.link)
        message = Outgoing("", card=sources_card(answer.kept, turn.say), links=links)
    await turn.conversation.stream().finish(message)


async def _same_readers(turn: Turn, kept: Kept) -> bool:
    """Titles were checked for those who were here when the question was asked; for whoever joined since they were not."""
    if turn.incoming.reference.place is Place.PERSONAL or turn.incoming.targeted or not (kept.read or kept.skipped):
        return True
    here = await turn.conversation.members()
    return here is not None and here <= frozenset(kept.members)


COMMAND = Command(
    help="what my last answer was made from", run=run, also=("source", "show sources", "show the sources")
)
