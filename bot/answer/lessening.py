"""A question that does not fit the model, made to fit: the conversation so far summed up, the farther half of the evidence left out."""

from collections.abc import Sequence
from dataclasses import replace

from bot.answer.gathering import Gathered
from bot.background.history import history
from bot.grounding.evidence import Passage
from bot.services import Turn
from providers.base import Provider

KEPT_CHARACTERS = 4_000
"""Of the newest turns, beside the summary of the others: about 1,000 tokens."""
SECONDS = 10.0
"""For the summary; without it the questions that were asked stand for the turns."""


async def lessened(turn: Turn, gathered: Gathered, provider: Provider) -> Gathered | None:
    """None when nothing can be left out. `provider` writes the summary, which is kept."""
    may_use = gathered.rules.may_use
    said = turn.incoming
    await turn.services.history.compact(
        said.kept_under, provider, may_use=may_use, keep=KEPT_CHARACTERS, seconds=SECONDS, person_id=said.private_to
    )
    past, passages = await history(turn, may_use), _nearer(gathered.passages)
    if past.messages == gathered.history.messages and len(passages) == len(gathered.passages):
        return None
    return replace(gathered, history=past, passages=passages)


def _nearer(passages: Sequence[Passage]) -> Sequence[Passage]:
    """The best come first: as many of them as make half of the characters, one at least."""
    room = sum(len(passage.text) for passage in passages) // 2
    kept: list[Passage] = []
    for passage in passages:
        if kept and len(passage.text) > room:
            break
        room -= len(passage.text)
        kept.append(passage)
    return kept
