"""When the model that was asked fails, another one that may answer does: once, with a word about why, and never half of each.

Before the first visible word the other model goes on. After it the answer begins anew in the same message, and nothing of what
was shown is left. What tools fetched is kept, as far as the other model may be given it.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.agent import loop
from bot.agent.loop import Cause, Outcome, Progress, Stopped
from bot.agent.summarise import Notes
from bot.answer.gathering import Gathered, Toolbox
from bot.answer.lessening import lessened
from bot.answer.models import shown
from bot.answer.narrowing import narrowed
from bot.answer.newcomers import Watch
from bot.answer.requesting import request_for
from bot.answer.said import Said
from bot.answer.whole import Whole, whole
from bot.choice import verdicts
from bot.context import Stream
from bot.grounding.citations import Citations
from bot.routing.breaker import CircuitOpen
from bot.routing.candidates import allowed
from bot.routing.task import WANTS_WHOLE
from bot.services import Turn
from bot.texts import Texts
from providers.base import Message, Request, Usage
from providers.errors import (
    AccessRefused,
    BadRequest,
    ContextTooLong,
    Incomplete,
    NetworkFailed,
    OutOfQuota,
    Overloaded,
    ProviderError,
    RateLimited,
    TimedOut,
    Transient,
)

log = logging.getLogger(__name__)

FOLLOWED = (Transient, Incomplete, OutOfQuota)
"""After these another model is asked. A wrong key, a refusal and a bad request are told as they are."""
WHY: Mapping[type[ProviderError], str] = {
    CircuitOpen: "failover.why_resting",
    RateLimited: "failover.why_rate_limited",
    Overloaded: "failover.why_overloaded",
    TimedOut: "failover.why_timed_out",
    NetworkFailed: "failover.why_network",
    Incomplete: "failover.why_incomplete",
    OutOfQuota: "failover.why_quota",
    AccessRefused: "failover.why_failed",
    BadRequest: "failover.why_failed",
}
_LEAST_SECONDS = 5.0
"""That the other model has, however late it is asked."""
_LEAST_ROUNDS = 2


class AllFailed(Exception):
    """The model that was asked failed, and so did the other. `told` is the sentence about both."""

    def __init__(self, told: str) -> None:
        super().__init__("Two models failed.")
        self.told = told


@dataclass(slots=True)
class Work:
    """One question on its way to its answer. After a failover everything in it is the other model's."""

    turn: Turn
    """Its message is the one that is answered."""
    stream: Stream
    model: str
    """A configured name."""
    gathered: Gathered
    said: Said
    searched: bool
    above: str = ""
    """Stands before the answer, whoever gives it."""
    never: str = ""
    """A model that is not asked in place of another."""
    told: tuple[str, ...] = ()
    """What the reader is told of all this, under the answer."""
    usage: Usage = field(default_factory=Usage)
    """Of what failed before."""
    done: Progress = field(default_factory=Progress)
    transcript: tuple[Message, ...] = ()
    """Where the other model goes on; empty when it starts from the question."""
    of_whole: Whole | None = None
    less: bool = False
    """The question was cut down to what the model can take; that is done once."""
    ends: float = 0.0
    """By the event loop's clock: the deadline of all models together. 0.0 before the first was asked."""

    @property
    def watch(self) -> Watch:
        return Watch(self.turn, self.gathered)


async def answered(work: Work) -> Outcome:
    """What a model answered, `work.model`. Raises `AllFailed`, what `loop.run` raises, and `Outgrown`."""
    others = await _others(work)
    first = work.model
    try:
        return await _fitting(work, others=bool(others))
    except FOLLOWED as error:
        if not others:
            raise
        failed = error
        await _hand_over(work, others[0], error)
    try:
        return await _fitting(work, others=False)
    except (*FOLLOWED, AccessRefused, BadRequest) as error:
        log.warning("%s failed too (%s)", work.model, type(error).__name__)
        say = work.turn.say
        both = {
            "first": shown(first),
            "why": why(failed, say),
            "other": shown(work.model),
            "other_why": why(error, say),
        }
        raise AllFailed(say("failover.both", **both)) from error


def why(error: ProviderError, say: Texts) -> str:
    """What a model did, as the end of a sentence that begins with its name."""
    return say(next(WHY[kind] for kind in type(error).__mro__ if kind in WHY))


async def _others(work: Work) -> tuple[str, ...]:
    services = work.turn.services
    if len(services.models) == 1:
        return ()
    judged = await verdicts(work.turn)

    def permits(name: str) -> bool:
        rests = services.circuits.of(services.models[name]).left > 0.0
        return name != work.never and judged[name] is None and not rests

    return allowed(services.models, work.model, images=bool(work.gathered.known.images), permits=permits)


async def _fitting(work: Work, *, others: bool) -> Outcome:
    """A question that is too long for the model is asked once more with less."""
    try:
        outcome = await _once(work, others=others)
    except ContextTooLong:
        if not await _lessen(work):
            raise
    else:
        too_long = isinstance(outcome, Stopped) and outcome.cause is Cause.CONTEXT_OVERFLOW
        if not too_long or not await _lessen(work):
            return outcome
    return await _once(work, others=others)


async def _once(work: Work, *, others: bool) -> Outcome:
    turn, gathered = work.turn, work.gathered
    request = request_for(turn, turn.incoming.text, gathered, searched=work.searched)
    stopped = await _read_whole(work, request, others=others)
    if stopped is not None:
        return stopped
    if work.of_whole:
        request = request_for(turn, turn.incoming.text, gathered, searched=work.searched, of_whole=work.of_whole)
    if work.transcript:
        request = replace(request, messages=work.transcript)
    limits, now = turn.services.limits, asyncio.get_running_loop().time()
    work.ends = work.ends or now + limits.seconds
    rounds = max(_LEAST_ROUNDS, limits.rounds - work.done.rounds)
    work.done = Progress()
    try:
        outcome = await loop.run(
            turn.model(work.model, others=others),
            request,
            turn.services.tools if work.searched and not work.of_whole and not work.less else {},
            Toolbox(gathered),
            on_text=work.watch.before(work.said.more),
            on_round=work.said.pause,
            limits=replace(limits, seconds=max(_LEAST_SECONDS, work.ends - now), rounds=rounds),
            stopping=turn.stopping,
            progress=work.done,
        )
    finally:
        before = work.usage
        work.usage += work.done.usage
    return replace(outcome, usage=before + outcome.usage)


async def _read_whole(work: Work, request: Request, *, others: bool) -> Outcome | None:
    """Reads what the question is about as a whole, unless it was read before; an outcome when its person stopped that."""
    turn = work.turn
    if work.transcript or work.of_whole or not WANTS_WHOLE.search(turn.incoming.text):
        return None
    reader = turn.model(work.model, "summary", others=others)
    work.of_whole = await whole(turn, turn.incoming.text, work.gathered, reader, work.stream, request)
    read = work.of_whole.read if work.of_whole else Notes()
    work.usage += read.usage
    return Stopped(request.messages, Cause.STOPPED, "", reader.model, work.usage) if read.stopped else None


async def _hand_over(work: Work, other: str, error: ProviderError) -> None:
    turn, first, begun = work.turn, work.model, work.said.begun
    log.warning("%s failed (%s), %s is asked", first, type(error).__name__, other)
    before, after = work.gathered, await _moved(turn, work.gathered, other)
    if _same(before, after):
        work.gathered = after
        work.transcript = work.done.messages if work.done.rounds > 1 else ()
    else:
        # What the first model said and looked for may tell of what the other must not see.
        kept = after.grounding.retrieved
        found = [passage for passage in kept if passage not in after.passages]
        work.gathered, work.transcript = replace(after, passages=(*after.passages, *found)), ()
        if work.of_whole:
            pieces = tuple(piece for piece in work.of_whole.pieces if kept.get(piece.id))
            work.of_whole = replace(work.of_whole, pieces=pieces) if pieces else None
    work.model = other
    names = {"first": shown(first), "why": why(error, turn.say), "other": shown(other)}
    await _anew(work, turn.say("failover.asking", **names))
    work.told = (*work.told, turn.say("failover.anew" if begun else "failover.answered", **names))


async def _moved(turn: Turn, gathered: Gathered, model: str) -> Gathered:
    """What was gathered, as far as another model may be given it; nothing is fetched again. Tools work for that model from now on."""
    after, grounding = await narrowed(turn, gathered, model), gathered.grounding
    new = [left for left in after.rules.coverage.skipped if left not in grounding.coverage.skipped]
    grounding.coverage.skipped.extend(new)
    rules = replace(after.rules, coverage=grounding.coverage)
    grounding.retrieved = grounding.retrieved.narrowed(rules.withholds)
    return replace(after, rules=rules)


def _same(before: Gathered, after: Gathered) -> bool:
    """Whether the other model may be given all that the first was."""
    return (
        len(after.passages) == len(before.passages)
        and after.grounding.retrieved.whole
        and after.history.messages == before.history.messages
        and len(after.known.images) == len(before.known.images)
    )


async def _lessen(work: Work) -> bool:
    """False when there is nothing to leave out, or something was left out before."""
    turn = work.turn
    if work.less:
        return False
    less = await lessened(turn, work.gathered, turn.model(work.model, "summary", others=True))
    if less is None:
        return False
    log.info("a question was too long for %s and is asked with less", work.model)
    work.gathered, work.less, work.transcript = less, True, ()
    await _anew(work, turn.say("failover.less_now", model=shown(work.model)))
    work.told = (*work.told, turn.say("failover.less", model=shown(work.model)))
    return True


async def _anew(work: Work, status: str) -> None:
    shown_before = work.said.begun
    await work.said.anew(Citations(work.gathered.grounding.retrieved), status)
    if shown_before and work.above:
        await work.stream.text(work.above)
