"""Stop listening here: from now on only what mentions us, and what was heard is forgotten."""

from bot.context import Outgoing, Place
from bot.digests.standing import own_here
from bot.listening import FOLLOW, owner
from bot.router import Command
from bot.services import Turn
from bot.teams.activities import thread_root


async def run(turn: Turn, argument: str) -> None:
    del argument
    here = turn.incoming.reference
    if here.place is Place.PERSONAL:
        await turn.conversation.stream().finish(Outgoing(turn.say("place.only_shared")))
        return
    await turn.services.preferences.set(owner(here.id), FOLLOW, None)
    await turn.services.heard.forget_place(thread_root(here.id)[0])
    said = [turn.say("place.quiet"), await own_here(turn)]
    await turn.conversation.stream().finish(Outgoing(" ".join(filter(None, said))))


COMMAND = Command(help="answer here only when I am mentioned, and forget what was heard", run=run, alone=True)
