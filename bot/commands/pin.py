"""Pin what was just said, or any words: they stay in this conversation word for word, however long it grows."""

from bot.agent.compaction import LONGEST_PIN, TooManyPins
from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn
from bot.store.provenance import ANYBODYS

_THE_LAST = frozenset(("", "that", "this", "it", "das", "dies", "es"))


async def run(turn: Turn, argument: str) -> None:
    await turn.conversation.stream().finish(Outgoing(await _pinned(turn, " ".join(argument.split()))))


async def _pinned(turn: Turn, words: str) -> str:
    history, conversation_id = turn.services.history, turn.incoming.reference.id
    provenance = ANYBODYS
    if words.casefold().strip(" .!") in _THE_LAST:
        newest = await history.newest(conversation_id, before=turn.incoming.id)
        if newest is None:
            return turn.say("memory.nothing_to_pin")
        words, provenance = "\n".join(message.text for message in newest.messages), newest.provenance
    try:
        # Filed under the whole conversation, also when it is said privately.
        alone = turn.incoming.private_to if turn.incoming.kept_under == conversation_id else ""
        await history.pin(conversation_id, words[:LONGEST_PIN], provenance, person_id=alone)
    except TooManyPins:
        return turn.say("memory.too_many_pins")
    return turn.say("memory.pin_kept")


COMMAND = Command(
    help="keep something in this conversation word for word", run=run, also=("pin that", "anheften", "pin this")
)
