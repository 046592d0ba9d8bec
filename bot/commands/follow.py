"""Listen here: an opt-in of one channel or chat, said with a mention and announced to everybody there."""

from bot.context import Outgoing, Place
from bot.listening import FOLLOW, owner
from bot.router import Command
from bot.services import Turn


async def run(turn: Turn, argument: str) -> None:
    del argument
    here = turn.incoming.reference
    shared = here.place is not Place.PERSONAL and not turn.incoming.targeted
    if shared:
        await turn.services.preferences.set(owner(here.id), FOLLOW, value=True)
    text = turn.say("place.following" if shared else "place.only_shared")
    await turn.conversation.stream().finish(Outgoing(text))


COMMAND = Command(help="read along in this channel or chat, where the team allows it", run=run, alone=True)
