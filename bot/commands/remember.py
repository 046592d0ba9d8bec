"""Keep something in mind: for the person in a private chat, for everybody here in a channel or group."""

from bot.background.memory import owner
from bot.context import Outgoing, Place
from bot.router import Command
from bot.services import Turn
from bot.store.memories import LONGEST, MOST, Full


async def run(turn: Turn, argument: str) -> None:
    await turn.conversation.stream().finish(Outgoing(await _remember(turn, " ".join(argument.split()))))


async def _remember(turn: Turn, text: str) -> str:
    if not text:
        return turn.say("memory.what")
    if len(text) > LONGEST:
        return turn.say("memory.too_long", most=LONGEST)
    reference = turn.incoming.reference
    mine = owner(reference, private=turn.incoming.targeted)
    try:
        await turn.services.memories.add(mine, turn.person.id, turn.person.name, text, turn.incoming.id)
    except Full:
        return turn.say("memory.full", most=MOST)
    private = reference.place is Place.PERSONAL or turn.incoming.targeted
    return turn.say("memory.kept" if private else "memory.kept_here", text=text)


COMMAND = Command(help="remember something", run=run, also=("merken", "merk dir", "remember that"))
