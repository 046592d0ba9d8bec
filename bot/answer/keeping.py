"""What is kept of an answer beside its text: who answered, what it cost, what was read and what was not."""

from collections.abc import Mapping
from datetime import UTC

from bot.agent.history import TURNS
from bot.agent.loop import Outcome, Stopped
from bot.answer.gathering import Gathered
from bot.context import Incoming
from bot.grounding.evidence import Skipped
from bot.grounding.search import Grounding
from bot.services import Turn
from bot.store.answers import Kept, Left, Read
from bot.store.provenance import Provenance
from graph.base import Document
from providers.base import Message, Text

_ONCE_MORE = "(The person asked another model to answer the same question.)"


def kept(
    asked: Incoming,
    outcome: Outcome,
    text: str,
    grounding: Grounding,
    positions: Mapping[str, int],
    *,
    model: str,
    suggestions: tuple[str, ...],
    label: str,
) -> Kept:
    """`model` is the configured name of the one that was asked; `label` the highest of all that the answer was made from."""
    coverage = grounding.coverage
    documents = {passage.document.id: passage.document for passage in grounding.retrieved}
    read = [_read(document, positions.get(id, 0)) for id, document in documents.items()]
    return Kept(
        asked=asked,
        text=text,
        model=model,
        answered_by=outcome.model,
        usage=outcome.usage,
        read=tuple(sorted(read, key=lambda one: one.position or len(documents) + 1)),
        searched=tuple(coverage.searched),
        words=tuple(coverage.words),
        skipped=_left(coverage.skipped),
        failed=_left([*coverage.failed, *coverage.cut]),
        ending=outcome.cause.value if isinstance(outcome, Stopped) else "",
        suggestions=suggestions,
        label=label,
        members=tuple(sorted(grounding.audience.members or ())),
    )


def _read(document: Document, position: int) -> Read:
    modified = document.modified.astimezone(UTC).isoformat()
    return Read(document.title, document.link, document.kind, document.author, modified, document.place, position)


def _left(skipped: list[Skipped]) -> tuple[Left, ...]:
    return tuple(Left(one.what, one.why) for one in skipped)


async def made_from(turn: Turn, asked: Incoming, gathered: Gathered, again: Kept | None) -> Provenance:
    """Of all that is kept of this turn: of what was answered before too, where the question is answered once more (`again`)."""
    given = [passage.document for passage in gathered.grounding.retrieved]
    given += [document for document, _ in gathered.known.pictured]
    made_of = gathered.rules.provenance(given, gathered.history.provenance)
    if again is None:
        return made_of
    recent = await turn.services.transcripts.recent(asked.kept_under, turns=TURNS)
    before = next((one.provenance for one in recent.turns if one.turn_id == asked.id), None)
    return made_of | (before or Provenance(frozenset({again.label} - {""})))


def remembered(question: str, answer: str, *, before: str | None = None) -> list[Message]:
    """What is remembered of a turn: no evidence, so that the next turn reads it anew with the rights of that moment.

    `before`: what another model had answered to the same question.
    """
    if before is None:
        return _exchange(question, answer)
    return [*_exchange(question, before), *_exchange(_ONCE_MORE, answer)]


def _exchange(question: str, answer: str) -> list[Message]:
    return [Message("user", (Text(question),)), Message("assistant", (Text(answer or "(no answer)"),))]
