"""From a question to its answer: gather the evidence, let a model answer from it, show where each statement comes from."""

from dataclasses import replace

from bot.agent.loop import Outcome
from bot.answer import consents, models
from bot.answer.beginning import asked_elsewhere, begin, guarded
from bot.answer.delivering import compact, finish, keep, suggestions
from bot.answer.failover import AllFailed, Work, answered
from bot.answer.keeping import kept, made_from, remembered
from bot.answer.said import Said
from bot.answer.settling import settled
from bot.background.sent import in_words
from bot.choice import Chosen
from bot.context import Incoming, Outgoing
from bot.grounding.citations import Citations
from bot.services import Turn
from bot.store.answers import Kept
from bot.teams.entities import shortened

_QUESTION = 100
"""Characters of a question that stand above its second answer."""


async def answer(
    turn: Turn,
    asked: Incoming,
    model: str,
    *,
    again: Kept | None = None,
    told: tuple[str, ...] = (),
    chosen: Chosen | None = None,
) -> None:
    """Answers `asked` in this turn's conversation with this person's rights; sign-in is asked for when it is needed.

    `asked` is the turn's own message, or an earlier one that is answered once more: then `again` is what was answered before,
    which the model does not get to see. `model` is a configured name. `told` stands under the answer. `chosen`: how the
    model was, where the table may name another one for what is found. Raises `NotPermitted`.
    """
    await guarded(turn, asked, lambda: _answer(turn, asked, model, again, told, chosen))


async def _answer(
    turn: Turn, asked: Incoming, model: str, again: Kept | None, told: tuple[str, ...], chosen: Chosen | None
) -> None:
    begun, model, row = await settled(await begin(turn, asked, model), model, chosen)
    seen, stream, gathered, searches = begun.turn, begun.stream, begun.gathered, begun.searched
    said = Said(stream, Citations(gathered.grounding.retrieved), turn.say("answer.searching_further"))
    above = _above(turn, asked, model) if again else asked_elsewhere(turn, asked)
    if above:
        await stream.text(above)
    work = Work(seen, stream, model, gathered, said, searches, above, never=again.model if again else "", told=told)
    try:
        outcome = await answered(work)
    except AllFailed as failed:
        await stream.finish(Outgoing(failed.told))
        return
    await work.watch.check()
    await _delivered(turn, asked, work, outcome, again, row if work.model == model else "")


async def _delivered(turn: Turn, asked: Incoming, work: Work, outcome: Outcome, again: Kept | None, row: str) -> None:
    """All of it under the name of the model that answered, which may be another than the one that was asked."""
    services, gathered, model = turn.services, work.gathered, work.model
    await work.stream.written()
    text = work.said.whole(outcome)
    made_of = await made_from(turn, asked, gathered, again)
    said_now = remembered(in_words(asked, turn.say), text, before=again.text if again else None)
    # Under the question's own id, also when it is answered once more: deleted or edited, it takes all its answers along.
    who = asked.reference.person.id
    await services.transcripts.save(asked.kept_under, asked.id, said_now, made_of, person_id=who)
    positions = work.said.citations.positions()
    next_ = await suggestions(turn, gathered, outcome, positions, text, model, searched=work.searched)
    await finish(turn, work.stream, outcome, gathered, work.said, f"{work.above}{text}", next_, work.told)
    label = services.labels.highest(made_of.labels)
    keeping = kept(asked, outcome, text, gathered.grounding, positions, model=model, suggestions=next_, label=label)
    await keep(turn, work.stream, replace(keeping, row=row))
    await consents.offer(turn, gathered.grounding.coverage.consents)
    await compact(turn, model, gathered, said_now)


def _above(turn: Turn, asked: Incoming, model: str) -> str:
    return turn.say("other.again", model=models.shown(model), question=shortened(asked.text, _QUESTION)) + "\n\n"
