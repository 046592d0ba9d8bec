"""Two models answer the same question from the same evidence, side by side in one message, and a short text compares them."""

import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot.agent import council, loop
from bot.agent.council import Comparison, Speaking
from bot.agent.loop import Cause, Finished, Limits, Outcome, Stopped
from bot.agent.statements import unmarked
from bot.answer import models
from bot.answer.asking import answer
from bot.answer.beginning import Begun, asked_elsewhere, begin, guarded, signed_in
from bot.answer.concluding import conclude
from bot.answer.estimates import estimate_of_heads
from bot.answer.gathering import Toolbox
from bot.answer.heads import Head, Stage
from bot.answer.narrowing import narrowed
from bot.answer.newcomers import Watch
from bot.answer.notices import ENDINGS
from bot.answer.said import Said
from bot.answer.sections import beside, compared
from bot.choice import verdicts
from bot.context import Incoming, Outgoing, StopRequested
from bot.errors import sentence, without_content
from bot.grounding.citations import Citations
from bot.naming import joined
from bot.routing.candidates import allowed
from bot.routing.permitted import labels_of
from bot.services import Turn
from bot.stopping import Stopping
from bot.teams.links import Links
from bot.texts import languages
from providers.base import Usage
from providers.errors import ProviderError

log = logging.getLogger(__name__)

ONLY_QUOTE = frozenset({"offline"})
"""Doors whose models quote evidence and write no text of their own."""


async def compare(turn: Turn, asked: Incoming, model: str, *, told: tuple[str, ...] = ()) -> None:
    """`model` and the next one the policy permits; where there is no other, it answers alone and a sentence says why.

    `told` stands under the answer. Raises `NotPermitted`.
    """
    await guarded(turn, asked, lambda: _asked(turn, asked, model, told))


async def _asked(turn: Turn, asked: Incoming, model: str, told: tuple[str, ...]) -> None:
    await signed_in(turn, asked)  # which models may be asked can hang on who somebody is
    other = await second(turn, model)
    if other:
        await _compare(turn, asked, (model, other), told)
    else:
        alone = turn.say("compare.only_one", model=models.shown(model))
        await answer(turn, asked, model, told=(*told, alone))


async def second(turn: Turn, model: str) -> str:
    """The model to ask beside this one; empty when no other may be asked here."""
    judged = await verdicts(turn)
    found = allowed(turn.services.models, model, permits=lambda name: judged[name] is None)
    return next(iter(found), "")


async def _compare(turn: Turn, asked: Incoming, names: tuple[str, str], told: tuple[str, ...]) -> None:
    begun = await begin(turn, asked, names[0], beside=names[1])
    stream, citations = begun.stream, Citations(begun.gathered.grounding.retrieved)
    further = turn.say("answer.searching_further")
    heads = [
        Head(name, replace(begun, gathered=await narrowed(begun.turn, begun.gathered, name)), Said(stream, citations, further))
        for name in names
    ]  # fmt: skip
    asking = turn.say("compare.asking", first=models.shown(names[0]), second=models.shown(names[1]))
    await stream.status(f"{asking} {estimate_of_heads(turn, begun.gathered, *names, names[0])}".rstrip())
    if above := asked_elsewhere(turn, asked):
        await stream.text(above)
    stage, watch = Stage(stream, heads), Watch(begun.turn, begun.gathered)

    def speaking(number: int) -> Speaking:
        async def show(delta: str) -> None:
            await watch.check()
            await stage.more(number, delta)

        async def speak(stopping: Stopping) -> Outcome:
            try:
                return await heads[number].speak(stopping, show)
            finally:
                with suppress(StopRequested):  # what was said and used until then is kept
                    await stage.done(number)

        return speak

    outcomes, stopped = await council.heard([speaking(number) for number in range(len(heads))], turn.stopping)
    for head, outcome in zip(heads, outcomes, strict=True):
        head.outcome = outcome
        stopped = stopped or (isinstance(outcome, Stopped) and outcome.cause is Cause.STOPPED)
    await watch.check()
    await _finish(begun, asked, stage.heads, citations, told, stopped=stopped)


async def _finish(
    begun: Begun, asked: Incoming, heads: Sequence[Head], citations: Citations, told: tuple[str, ...], *, stopped: bool
) -> None:
    turn = begun.turn
    failed = {head.name: _why(turn, head) for head in heads if not head.answer}
    if len(failed) == len(heads) and not stopped:
        first, other = (models.shown(head.name) for head in heads)
        lines = tuple(dict.fromkeys(failed.values()))
        text = turn.say("compare.neither", first=first, second=other)
        await begun.stream.finish(Outgoing(text, notices=lines))
        return
    third = _Third(stopped=stopped) if stopped or failed else await _third(begun, heads)
    await Watch(turn, begun.gathered).check()
    answered = [head for head in heads if head.answer]
    texts = [citations.visible(unmarked(head.answer, but=head.given), final=True).strip() for head in answered]
    links = Links.of((citation.link for citation in citations.cited()), turn.services.link_hosts)
    text = beside(answered, texts, links, turn.say)
    if third.comparison:
        text += "\n\n" + compared(third.comparison, answered, third.writer, turn.say)
    usage = sum((head.usage for head in heads), third.usage)
    model = joined((head.model for head in answered), turn.say) if answered else heads[0].model
    outcome: Outcome = Finished((), text, model, usage)
    if third.stopped:
        outcome = Stopped((), Cause.STOPPED, text, model, usage)
    notes = [
        turn.say("compare.failed", model=models.shown(name), why=why) for name, why in failed.items() if not stopped
    ]
    notes += [third.note] if third.note else []
    notes += [_less(turn, head) for head in heads if head.gathered.rules.coverage.skipped]
    await conclude(begun, asked, outcome, citations, text, heads[0].name, told=(*told, *notes), only=heads[0].gathered)


@dataclass(frozen=True, slots=True)
class _Third:
    """The text that compares, or why there is none."""

    comparison: Comparison | None = None
    writer: str = ""
    """The model that really wrote it."""
    note: str = ""
    usage: Usage = field(default_factory=Usage)
    stopped: bool = False


async def _third(begun: Begun, heads: Sequence[Head]) -> _Third:
    """By the first of both that may be given what both answers are made from."""
    turn = begun.turn
    labels = frozenset[str]().union(*(labels_of(head.request) for head in heads if head.request is not None))
    able = [head for head in heads if turn.services.models[head.name].door not in ONLY_QUOTE]
    able.sort(
        key=lambda head: head.name != begun.gathered.rules.model
    )  # who was asked first writes, whoever was quicker
    writers = [head for head in able if not any(head.gathered.rules.refuses(label) for label in labels)]
    if not writers:
        return _Third(note=turn.say("compare.nobody_may" if able else "compare.nobody_can"))
    await begun.stream.status(turn.say("compare.comparing"))
    first, other = (unmarked(head.answer) for head in heads)
    usage = Usage()
    for head in writers:
        if head.request is None:
            continue
        like = replace(head.request, labels=labels)
        asked = council.request(begun.question, first, other, language=languages()[turn.say.language], like=like)
        try:
            outcome = await loop.run(
                turn.model(head.name, "compare"), asked, {}, Toolbox(head.gathered), on_text=_unseen, on_round=_unheard,
                limits=Limits(rounds=1, seconds=council.SECONDS, writing=0.0), stopping=turn.stopping,
            )  # fmt: skip
        except ProviderError as error:
            log.info("a comparison was not written: %s", type(error).__name__)
            continue
        usage += outcome.usage
        if isinstance(outcome, Stopped) and outcome.cause is Cause.STOPPED:
            return _Third(usage=usage, stopped=True)
        found = council.parsed(outcome.text, first, other) if isinstance(outcome, Finished) else None
        if found is not None:
            return _Third(found, outcome.model, usage=usage)
    return _Third(note=turn.say("compare.not_compared"), usage=usage)


async def _unseen(delta: str) -> None:
    del delta


async def _unheard() -> None:
    pass


def _why(turn: Turn, head: Head) -> str:
    """What the person reads of a model that gave no answer."""
    if isinstance(head.outcome, ProviderError):
        reference = secrets.token_hex(4)
        log.warning("one of two models failed, reference %s: %s", reference, without_content(head.outcome))
        return sentence(head.outcome, reference, turn.say)
    cause = head.outcome.cause if isinstance(head.outcome, Stopped) else Cause.LENGTH
    return turn.say(ENDINGS[cause])


def _less(turn: Turn, head: Head) -> str:
    """What this model did not get though the other did."""
    why = "; ".join(dict.fromkeys(left.why for left in head.gathered.rules.coverage.skipped))
    return turn.say("compare.less", model=models.shown(head.name), why=why)
