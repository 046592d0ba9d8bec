"""What people asked us to remember, for this person or this conversation; neither is ever seen in the other."""

from bot.background.known import Known
from bot.context import Place, Reference
from bot.services import Turn
from bot.teams.activities import thread_root


def owner(reference: Reference, *, private: bool = False) -> str:
    """Whose memory is used here: the person's own in private, the channel's or chat's (all threads) elsewhere."""
    if private or reference.place is Place.PERSONAL:
        return f"person:{reference.person.id or reference.person.channel_id}"
    return f"conversation:{thread_root(reference.id)[0]}"


async def memory(turn: Turn) -> Known:
    """As notes: they are people's own typed words, marked as theirs, and no rule of ours."""
    reference = turn.incoming.reference
    mine = owner(reference, private=turn.incoming.targeted)
    kept = await turn.services.memories.of(mine)
    if not kept:
        return Known()
    if mine.startswith("person:"):
        lines = [f"- {one.text}" for one in kept]
        return Known(notes=("\n".join(("Earlier the person asked you to remember:", *lines)),))
    lines = [f"- {one.by}: {one.text}" for one in kept]
    return Known(notes=("\n".join(("Members of this conversation asked you to remember for it:", *lines)),))
