"""Hands over an answer that is written: the final message, what hangs on it, and what is kept of it."""

import logging
from collections.abc import Mapping, Sequence

from bot.agent.loop import Outcome, Stopped
from bot.answer import models
from bot.answer.following import MOST, following
from bot.answer.gathering import Gathered
from bot.answer.notices import notices
from bot.answer.said import Said
from bot.context import Outgoing, Stream
from bot.cost.words import warnings
from bot.services import Turn
from bot.store.answers import Kept
from bot.store.database import StoreError
from providers.base import Message

log = logging.getLogger(__name__)


async def finish(
    turn: Turn,
    stream: Stream,
    outcome: Outcome,
    gathered: Gathered,
    said: Said,
    text: str,
    next_: tuple[str, ...],
    told: tuple[str, ...] = (),
) -> None:
    """`told`: sentences that stand under the answer before all others."""
    grounding = gathered.grounding
    retrieved = grounding.retrieved
    offered = grounding.coverage.withheld and await _offered_before(turn)
    others = notices(
        outcome, grounding.coverage, found=bool(len(retrieved)), say=turn.say, hidden=retrieved.hidden, offered=offered
    )
    await stream.finish(
        Outgoing(
            text,
            said.citations.cited(),
            outcome.model,
            ai=True,
            notices=(*told, *others, *warnings(turn.tally.warned, turn.say)),
            suggestions=next_,
            label=turn.services.labels.highest(said.citations.labels() or gathered.history.provenance.labels),
            language=turn.say.language,
            link_hosts=turn.services.link_hosts,
        )
    )


async def _offered_before(turn: Turn) -> bool:
    """Whether the newest answer here has the button for a private one: said under every answer, its sentence is noise."""
    latest = await turn.services.answers.latest(turn.incoming.kept_under, turn.person.id)
    return latest is not None and turn.say("privacy.button") in latest.kept.suggestions


async def suggestions(
    turn: Turn,
    gathered: Gathered,
    outcome: Outcome,
    positions: Mapping[str, int],
    text: str,
    model: str,
    *,
    searched: bool,
) -> tuple[str, ...]:
    """At most three fit under a message: questions first, then the list of sources and the other model, each where it has a use."""
    if isinstance(outcome, Stopped) or not text:
        return ()
    other = await models.permitted_after(turn, model)
    buttons = [turn.say("sources.button")] if searched else []
    if gathered.grounding.coverage.withheld:
        buttons.append(turn.say("privacy.button"))
    buttons += [turn.say("other.try", model=models.shown(other))] if other and searched else []
    questions = following(gathered.grounding.retrieved, positions, text, turn.say)
    return (*questions[: max(MOST - len(buttons), 0)], *buttons)[:MOST]


async def keep(turn: Turn, stream: Stream, answered: Kept) -> None:
    """The answer has been given: what can't be kept of it now costs its buttons, not the answer."""
    try:
        await turn.services.answers.save(turn.incoming.kept_under, stream.message_id or turn.incoming.id, answered)
    except StoreError as error:
        log.warning("an answer was given and could not be kept: %s", type(error).__name__)


async def compact(turn: Turn, model: str, gathered: Gathered, said_now: Sequence[Message]) -> None:
    """After the answer, so that it does not wait for it; a long conversation is summed up again next time when this fails.

    `model`: the configured name of the one that sums it up.
    """
    if sum(len(message.text) for message in said_now) <= gathered.history.room:
        return
    provider = turn.model(model, "summary")
    try:
        said = turn.incoming
        await turn.services.history.compact(
            said.kept_under, provider, may_use=gathered.rules.may_use, person_id=said.private_to
        )
    except StoreError as error:
        log.warning("a conversation could not be summed up: %s", type(error).__name__)
