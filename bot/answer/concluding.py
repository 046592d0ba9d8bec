"""What follows once an answer is written, whoever wrote it: it is remembered, shown, kept, and its buttons and questions hang on it."""

from bot.agent.loop import Outcome, Stopped
from bot.answer import consents
from bot.answer.beginning import Begun, asked_elsewhere
from bot.answer.delivering import compact, finish, keep
from bot.answer.following import MOST, following
from bot.answer.gathering import Gathered
from bot.answer.keeping import kept, made_from, remembered
from bot.answer.said import Said
from bot.background.sent import in_words
from bot.context import Incoming
from bot.grounding.citations import Citations


async def conclude(
    begun: Begun,
    asked: Incoming,
    outcome: Outcome,
    citations: Citations,
    text: str,
    model: str,
    *,
    told: tuple[str, ...],
    below: str = "",
    only: Gathered | None = None,
) -> None:
    """`text` has our numbers. `below` is shown under it and not remembered. `only`: what of all that was gathered `model` may
    be given, where that is less than all."""
    turn, gathered = begun.turn, begun.gathered
    services = turn.services
    await begun.stream.written()
    made_of = await made_from(turn, asked, gathered, None)
    said_now = remembered(in_words(asked, turn.say), text)
    who = asked.reference.person.id
    await services.transcripts.save(asked.kept_under, asked.id, said_now, made_of, person_id=who)
    positions = citations.positions()
    next_ = _suggestions(begun, outcome, citations, text)
    whole = f"{text}\n\n{below}" if below else text
    said = Said(begun.stream, citations, "")
    above = asked_elsewhere(turn, asked)
    await finish(turn, begun.stream, outcome, gathered, said, f"{above}{whole}", next_, told)
    label = services.labels.highest(made_of.labels)
    keeping = kept(asked, outcome, whole, gathered.grounding, positions, model=model, suggestions=next_, label=label)
    await keep(turn, begun.stream, keeping)
    await consents.offer(turn, gathered.grounding.coverage.consents)
    await compact(turn, model, only or gathered, said_now)


def _suggestions(begun: Begun, outcome: Outcome, citations: Citations, text: str) -> tuple[str, ...]:
    """Questions first, then the buttons; no other model, since two have answered."""
    if isinstance(outcome, Stopped) or not text or not begun.searched:
        return ()
    say, grounding = begun.turn.say, begun.gathered.grounding
    buttons = [say("sources.button"), *([say("privacy.button")] if grounding.coverage.withheld else [])]
    questions = following(grounding.retrieved, citations.positions(), text, say)
    return (*questions[: MOST - len(buttons)], *buttons)
