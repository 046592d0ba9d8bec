"""How it stands with somebody's digests, in a sentence: for commands that people may mean them by."""

from bot.context import Place
from bot.digests.cards import said_moment
from bot.services import Turn


async def own_here(turn: Turn) -> str:
    """That digests go on: one's own in the personal chat, elsewhere those that are sent there. Empty when none does."""
    reference, subscriptions = turn.incoming.reference, turn.services.subscriptions
    if not turn.person.id:
        return ""
    if reference.place is Place.PERSONAL or turn.incoming.targeted:
        found = await subscriptions.of_owner(turn.person.id)
    else:
        found = await subscriptions.of_conversation(reference.id.partition(";")[0])
    count = sum(one.state == "active" for one in found)
    return turn.say("digests.here_goes_on", n=count) if count else ""


async def in_short(turn: Turn) -> str:
    """How many run, and when the next one is due."""
    found = [one for one in await turn.services.subscriptions.of_owner(turn.person.id) if one.state == "active"]
    if not found:
        return turn.say("digests.status_none")
    count = turn.say("digests.status_active", n=len(found))
    due = min((one.next_due for one in found if one.next_due is not None), default=None)
    return count if due is None else turn.say("digests.status_next", count=count, next=said_moment(due, turn))
