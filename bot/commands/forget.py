"""Forget something that was to be remembered: by its number, by its words, or everything."""

import re

from bot.background.memory import owner
from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn
from bot.store.memories import Memory

_EVERYTHING = frozenset(("everything", "all", "all of it", "alles", "everything about me", "alles über mich"))
_NUMBERS = re.compile(r"\d{1,3}(?:\s*(?:,|and|und)?\s*\d{1,3})*")
_WORD = re.compile(r"\w{3,}")
_SURE = 0.6
"""The share of the words said that a memory must hold to be the one that is meant."""


async def run(turn: Turn, argument: str) -> None:
    await turn.conversation.stream().finish(Outgoing(await _forgotten(turn, " ".join(argument.split()).strip(" .!"))))


async def _forgotten(turn: Turn, words: str) -> str:
    mine = owner(turn.incoming.reference, private=turn.incoming.targeted)
    memories = turn.services.memories
    kept = await memories.of(mine)
    if not kept:
        return turn.say("memory.nothing" if mine.startswith("person:") else "memory.nothing_here")
    if words.casefold() in _EVERYTHING:
        return turn.say("memory.forgotten", n=await memories.forget_all(mine))
    if _NUMBERS.fullmatch(words):
        numbers = {int(number) for number in re.findall(r"\d+", words)}
        chosen = [one for number, one in enumerate(kept, 1) if number in numbers]
    else:
        chosen = meant(words, kept)
    if not chosen:
        return turn.say("memory.which")
    return turn.say("memory.forgotten", n=await memories.forget(mine, [one.id for one in chosen]))


def meant(words: str, kept: list[Memory]) -> list[Memory]:
    """The one memory these words speak of; none when no or several would do as well: forgetting the wrong one can't be undone."""
    said = {word.casefold() for word in _WORD.findall(words)}
    if not said:
        return []
    scores = [(len(said & {word.casefold() for word in _WORD.findall(one.text)}) / len(said), one) for one in kept]
    best = max(score for score, _ in scores)
    found = [one for score, one in scores if score == best]
    return found if best >= _SURE and len(found) == 1 else []


COMMAND = Command(help="forget something I was asked to remember", run=run, also=("vergiss", "forget that"))
