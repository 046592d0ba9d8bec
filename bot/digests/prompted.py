"""A question that is asked on a schedule: it goes the way of every question, and its answer is kept for delivery."""

from collections.abc import Mapping
from dataclasses import replace

from bot.answer.modes import MODES, Mode, answer_as
from bot.cost.budgets import OverBudget
from bot.digests.aside import Aside, language_of, model_of, there, turn_of
from bot.digests.work import Composed, Later, NotNow, Work
from bot.policy.rules import NotPermitted
from bot.services import Turn
from bot.store.run import Record
from providers.errors import ProviderError


async def prompted(work: Work) -> Composed:
    """Raises `Later`, `NotNow`, `SignInNeeded`."""
    shared = await there(work)
    aside = Aside(work.here, shared[0] if shared else None)
    turn, needed = turn_of(work, aside, await language_of(work), work.subscription.prompt)
    options = work.subscription.options
    try:
        await answer_as(_mode(options), turn, turn.incoming, await model_of(turn, options))
    except NotPermitted as error:
        raise NotNow("policy") from error
    except OverBudget as error:
        raise NotNow("budget") from error
    except ProviderError as error:
        raise Later("model") from error
    if needed:
        raise needed[0]
    found = aside.kept.finished
    if found is None:
        raise NotNow("right")  # who joined may not see it, so it was not answered here
    if not found.ai:
        raise Later("model")  # a sentence about why no model answered
    notices = (turn.say("brief.late"), *found.notices) if work.run.late else found.notices
    return Composed(replace(found, notices=notices), {}, await _record(turn, found.model, len(found.citations)))


async def _record(turn: Turn, model: str, cited: int) -> Record:
    """From what is kept of every answer."""
    answer = await turn.services.answers.latest(turn.incoming.kept_under, turn.person.id)
    if answer is None or answer.kept.asked.id != turn.incoming.id:
        return Record({"answer": 1}, model=model, items=cited)
    kept = answer.kept
    read = {**dict.fromkeys(kept.searched, 0), "documents": len(kept.read)}
    return Record(read, tuple(one.what for one in kept.failed), model, kept.usage, cited)


def _mode(options: Mapping[str, object]) -> Mode:
    return next((mode for mode in MODES if options.get("mode") == mode), "none")
