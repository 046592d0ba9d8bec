"""One model drafts, another checks every statement against the evidence, and what is delivered is the corrected answer.

The draft itself is never shown. A statement that nothing bears out is taken out, and said to be; where no review comes about,
the answer says that it is not reviewed.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.agent import critique, loop, statements
from bot.agent.critique import Review
from bot.agent.loop import Cause, Finished, Limits, Outcome, Stopped
from bot.agent.statements import Piece
from bot.answer.beginning import begin, guarded
from bot.answer.changes import below, summed_up, written
from bot.answer.concluding import conclude
from bot.answer.estimates import estimate_of_heads
from bot.answer.failover import AllFailed, Work, answered
from bot.answer.gathering import Toolbox, evidence
from bot.answer.models import shown
from bot.answer.requesting import request_for
from bot.answer.rules import Rules
from bot.answer.said import Said
from bot.choice import verdicts
from bot.context import Incoming, Outgoing, Stream
from bot.grounding.citations import Citations
from bot.grounding.evidence import Coverage
from bot.routing.candidates import allowed
from bot.services import Turn
from providers.base import Request, Usage
from providers.errors import ProviderError

log = logging.getLogger(__name__)

ONLY_QUOTE = frozenset({"offline"})
"""Doors whose models quote evidence and judge nothing."""
TRIES = 2
"""Reviewers that are asked one after the other."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """A stream that shows what is being done and none of the words."""

    stream: Stream

    @property
    def message_id(self) -> str:
        return self.stream.message_id

    async def status(self, text: str) -> None:
        await self.stream.status(text)

    async def text(self, delta: str) -> None:
        del delta

    async def restart(self, status: str) -> None:
        await self.stream.status(status)

    async def written(self) -> None:
        """Of a draft; what comes of it is still to be shown."""

    async def finish(self, message: Outgoing) -> None:
        await self.stream.finish(message)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """`review` is None when there is none: then `note` says why."""

    review: Review | None = None
    model: str = ""
    """The one that really reviewed."""
    note: str = ""
    usage: Usage = field(default_factory=Usage)
    stopped: bool = False


async def review(turn: Turn, asked: Incoming, model: str, *, told: tuple[str, ...] = ()) -> None:
    """`model` drafts, the next one the policy permits reviews. `told` stands under the answer. Raises `NotPermitted`."""
    await guarded(turn, asked, lambda: _review(turn, asked, model, told))


async def _review(turn: Turn, asked: Incoming, model: str, told: tuple[str, ...]) -> None:
    begun = await begin(turn, asked, model)
    stream = begun.stream
    drafting = Said(Unseen(stream), Citations(begun.gathered.grounding.retrieved), turn.say("answer.searching_further"))
    work = Work(begun.turn, stream, model, begun.gathered, drafting, begun.searched, told=told)
    drafted = turn.say("review.drafting", model=shown(model))
    await stream.status(f"{drafted} {estimate_of_heads(turn, begun.gathered, model, model)}".rstrip())
    try:
        outcome = await answered(work)
    except AllFailed as failed:
        await stream.finish(Outgoing(failed.told))
        return
    draft = _text(outcome)
    found = await _reviewed(work, draft) if draft else Reviewed()
    await work.watch.check()
    citations = Citations(work.gathered.grounding.retrieved)
    usage = outcome.usage + found.usage
    if found.stopped:
        outcome = Stopped((), Cause.STOPPED, "", outcome.model, usage)
    text, changed, notes = "", "", tuple[str, ...]()
    if found.review is not None and not found.stopped:
        done = critique.corrected(statements.pieces(draft), found.review, turn.say("review.mark"))
        text = citations.visible(written(done, turn.say), final=True).strip()
        changed = below(done, found.model, turn.say)
        notes = summed_up(done, found.model, statements.count(statements.pieces(draft)), turn.say)
    elif draft and not found.stopped:
        text, notes = citations.visible(draft, final=True).strip(), (found.note,)
    begun = replace(begun, gathered=work.gathered)
    outcome = replace(outcome, usage=usage)
    told = (*work.told, *notes)
    await conclude(begun, asked, outcome, citations, text, work.model, told=told, below=changed)


def _text(outcome: Outcome) -> str:
    """What may become an answer: of one that its person ended nothing does."""
    if isinstance(outcome, Finished):
        return outcome.text.strip()
    return outcome.text.strip() if isinstance(outcome, Stopped) and outcome.cause is not Cause.STOPPED else ""


async def _reviewed(work: Work, draft: str) -> Reviewed:
    """Never fails: what can't be reviewed is not."""
    turn, say = work.turn, work.turn.say
    pieces = statements.pieces(draft)
    asked = _request(work, pieces)
    reviewers, note = await _reviewers(work, asked.labels)
    sources, usage = critique.sources(asked), Usage()
    for name in reviewers[:TRIES]:
        await work.stream.status(say("review.checking", n=statements.count(pieces)))
        try:
            outcome = await _judged(turn, name, asked, Toolbox(work.gathered))
        except ProviderError as error:
            log.warning("%s did not review (%s)", name, type(error).__name__)
            note = say("review.failed", model=shown(name))
            continue
        usage += outcome.usage
        if isinstance(outcome, Stopped) and outcome.cause is Cause.STOPPED:
            return Reviewed(usage=usage, stopped=True)
        found = critique.parsed(outcome.text, pieces, sources) if isinstance(outcome, Finished) else None
        if found is not None:
            return Reviewed(found, outcome.model, usage=usage)
        log.info("%s wrote no review", name)
        note = say("review.nonsense", model=shown(name))
    return Reviewed(note=note, usage=usage)


def _request(work: Work, pieces: Sequence[Piece]) -> Request:
    """With everything the draft was made from, what tools found included, and the labels of all of it."""
    turn, gathered = work.turn, work.gathered
    like = request_for(turn, turn.incoming.text, gathered, searched=work.searched, of_whole=work.of_whole)
    read = [passage.document for passage in gathered.grounding.retrieved]
    labels = like.labels | gathered.rules.provenance(read, gathered.history.provenance).labels
    given = work.of_whole.pieces if work.of_whole else [evidence(one) for one in gathered.grounding.retrieved]
    return critique.request(pieces, given, like=replace(like, labels=labels))


async def _reviewers(work: Work, labels: frozenset[str]) -> tuple[tuple[str, ...], str]:
    """Who may see all that the draft was made from; and, should there be nobody, why."""
    turn, judged = work.turn, await verdicts(work.turn)
    models = turn.services.models

    def permits(name: str) -> bool:
        return judged[name] is None and models[name].door not in ONLY_QUOTE

    others = allowed(models, work.model, images=bool(work.gathered.known.images), permits=permits)
    if not others:
        return (), turn.say("review.nobody")
    audience = work.gathered.rules.audience
    rules = [await Rules.of(turn, name, audience, Coverage()) for name in others]
    able = tuple(one.model for one in rules if not any(one.refuses(label) for label in labels))
    return able, "" if able else turn.say("review.nobody_may")


async def _judged(turn: Turn, name: str, asked: Request, toolbox: Toolbox) -> Outcome:
    async def unseen(delta: str) -> None:
        del delta

    async def unheard() -> None:
        pass

    return await loop.run(
        turn.model(name, "review"), asked, {}, toolbox, on_text=unseen, on_round=unheard,
        limits=Limits(rounds=1, seconds=critique.SECONDS, writing=0.0), stopping=turn.stopping,
    )  # fmt: skip
