"""What a model sees of the conversation so far: pinned words, a summary of old turns, the newer turns whole.

Between two summaries the messages only grow at their end, so that vendors can cache what came before.
"""

import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.agent import compaction
from bot.agent.compaction import Summary
from bot.store.provenance import ANYBODYS, Provenance
from bot.store.summaries import Summaries
from bot.store.transcripts import StoredTurn, Transcripts
from providers.base import Message, Provider, Text

TURNS = 80
"""Read at most; a conversation is summarised long before."""
KEEP_CHARACTERS = 24_000
"""What is left of the newest turns when older ones are summarised: about 6,000 tokens."""
MOST_CHARACTERS = 60_000
"""About 15,000 tokens: from here on old turns are summarised, and left out should that have failed."""
UNDERSTOOD = "Understood."


@dataclass(frozen=True, slots=True)
class Past:
    messages: tuple[Message, ...]
    provenance: Provenance
    """Of all of them together."""
    room: int = 0
    """Characters that may be added before it is time for a summary; negative when it is."""


MayUse = Callable[[Provenance], bool]
"""Whether a text made from this may be used now: by this model, for these readers."""


def anything(_: Provenance) -> bool:
    return True


class History:
    def __init__(self, transcripts: Transcripts, summaries: Summaries) -> None:
        self._transcripts = transcripts
        self._summaries = summaries

    async def load(self, conversation_id: str, *, before: str, may_use: MayUse = anything) -> "Past":
        """Everything said before the turn `before`, within the budget, oldest first. Errors: `Transcripts.recent`."""
        recent = await self._transcripts.recent(conversation_id, turns=TURNS, before=before)
        summary = compaction.from_json(recent.summary)
        turns = [turn for turn in recent.turns[first_kept(recent.turns) :] if may_use(turn.provenance)]
        opening = _opening(summary) if may_use(summary.provenance) else ()
        made_of = [turn.provenance for turn in turns] + ([summary.provenance] if opening else [])
        messages = (*opening, *(message for turn in turns for message in turn.messages))
        return Past(messages, functools.reduce(operator.or_, made_of, ANYBODYS), _room(recent.turns, more=1))

    async def compact(
        self, conversation_id: str, provider: Provider, *, may_use: MayUse = anything, keep: int = 0,
        seconds: float = compaction.SECONDS, person_id: str = "",
    ) -> bool:  # fmt: skip
        """Summarises old turns when there are too many; whether it did. Repeating it after a crash does no harm.

        `keep`: whatever there is, so that only this many characters of the newest turns stay whole. `person_id`: the only
        one in this conversation.

        When the model fails, the questions that were asked stand for the turns, so that nothing waits for a vendor. What
        the model may not use is left out for good.
        """
        recent = await self._transcripts.recent(conversation_id, turns=TURNS)
        if not keep and _room(recent.turns) >= 0:
            return False
        old, _ = _split(recent.turns, keep or KEEP_CHARACTERS)
        if not old:
            return False
        before = compaction.from_json(recent.summary)
        usable = [turn for turn in old if may_use(turn.provenance)]
        summary = before if may_use(before.provenance) else Summary()
        summary = await compaction.summarise(summary, usable, provider, seconds=seconds)
        await self._summaries.save(conversation_id, old[-1].seq, compaction.to_json(summary), person_id=person_id)
        return True

    async def pin(
        self, conversation_id: str, text: str, provenance: Provenance = ANYBODYS, *, person_id: str = ""
    ) -> None:
        """Keeps these words as they are, through every summary. Raises `compaction.TooManyPins`."""
        upto, stored = await self._summaries.load(conversation_id)
        summary = compaction.pinned(compaction.from_json(stored), text, provenance)
        await self._summaries.save(conversation_id, upto, compaction.to_json(summary), person_id=person_id)

    async def pins(self, conversation_id: str) -> tuple[str, ...]:
        _, stored = await self._summaries.load(conversation_id)
        return compaction.from_json(stored).pinned

    async def newest(self, conversation_id: str, *, before: str) -> StoredTurn | None:
        recent = await self._transcripts.recent(conversation_id, turns=1, before=before)
        return recent.turns[-1] if recent.turns else None


@dataclass(frozen=True, slots=True)
class _Window:
    start: int
    characters: int


def first_kept(turns: Sequence[StoredTurn]) -> int:
    """Where the turns that are sent begin. Moves in jumps, so that most turns only add to what the last one sent."""
    window = _Window(0, 0)
    for number, turn in enumerate(turns):
        start, characters = window.start, window.characters + turn_size(turn)
        if characters > MOST_CHARACTERS:
            while start < number and characters > KEEP_CHARACTERS:
                characters -= turn_size(turns[start])
                start += 1
        window = _Window(start, characters)
    return window.start


def turn_size(turn: StoredTurn) -> int:
    """Characters."""
    return sum(len(message.text) for message in turn.messages)


def _room(turns: Sequence[StoredTurn], *, more: int = 0) -> int:
    """`more`: turns that are still to come."""
    return MOST_CHARACTERS - sum(map(turn_size, turns)) if len(turns) + more < TURNS else -1


def _split(turns: Sequence[StoredTurn], keep: int) -> tuple[Sequence[StoredTurn], Sequence[StoredTurn]]:
    """(to be summarised, to stay whole)"""
    kept, size = len(turns), 0
    while kept > 0 and size + turn_size(turns[kept - 1]) <= keep and len(turns) - kept < TURNS // 2:
        kept -= 1
        size += turn_size(turns[kept])
    return turns[:kept], turns[kept:]


def _opening(summary: Summary) -> tuple[Message, ...]:
    text = compaction.told(summary)
    return (Message("user", (Text(text),)), Message("assistant", (Text(UNDERSTOOD),))) if text else ()
