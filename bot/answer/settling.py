"""Which model answers where the table decides: some of its rows can be read only when it is known what was found."""

from dataclasses import replace

from bot.answer.beginning import Begun
from bot.answer.gathering import gather
from bot.answer.models import instead, row_named, shown
from bot.choice import Chosen, automatic, verdicts
from bot.policy.table import AUTO
from bot.routing.task import features_of
from bot.services import Turn

OTHERWISE = "otherwise"
"""What is kept as the row where none of them fitted."""


async def settled(begun: Begun, model: str, chosen: Chosen | None) -> tuple[Begun, str, str]:
    """(what it is answered from, the model that answers, the row of the table that names it: empty where somebody chose).

    Where another model is named for what was found, it is looked for once more: it may be given other things than the first.
    """
    if chosen is None or chosen.wanted != AUTO or chosen.name != model:
        return begun, model, ""
    turn, gathered = begun.turn, begun.gathered
    if not any(row.looks_at_evidence for row in turn.services.policy.table):
        return begun, model, chosen.row or OTHERWISE
    found = sum(len(passage.text) for passage in gathered.passages)
    features = features_of(turn.incoming, evidence=found, labels=gathered.rules.met)
    now = automatic(turn, features, chosen.why, await verdicts(turn))
    if now.name != model:
        again = await gather(turn, begun.question, now.name, searches=begun.searched)
        begun = replace(begun, gathered=again)
    return begun, now.name, now.row or OTHERWISE


async def last_automatic(turn: Turn) -> str:
    """Who answered the last question here, and by which row; empty when nothing was answered, or not by the table."""
    latest = await turn.services.answers.latest(turn.incoming.kept_under, turn.person.id)
    if latest is None or not latest.kept.row:
        return ""
    row = latest.kept.row
    named_by = turn.say("models.no_row") if row == OTHERWISE else row_named(row, turn.say)
    return turn.say("models.last_auto", name=shown(latest.kept.model), row=named_by)


async def in_short(turn: Turn, now: Chosen) -> str:
    """Which model answers here, and why, on one line."""
    say = turn.say
    if not now.permitted and now.refused is not None:
        return say("models.none_permitted", rule=now.refused.rule)
    if now.wanted == AUTO:
        return f"{say('models.auto')}. {say(f'models.why_{now.why}')} {await last_automatic(turn)}".strip()
    why = instead(now, say) or (say(f"models.why_{now.why}"),)
    return f"{shown(now.name)} ({now.provider.model}). {why[0]}"
