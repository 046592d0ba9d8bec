"""Which of the configured models answers, and how people read their names."""

from bot.choice import Chosen, verdicts
from bot.policy.rules import first_permitted
from bot.policy.table import AUTO
from bot.services import Services, Turn
from bot.texts import Texts


def shown(name: str) -> str:
    """`gpt` is GPT, `claude` is Claude: short names are abbreviations."""
    return name.upper() if len(name) <= 3 else name[:1].upper() + name[1:]


def named(name: str, say: Texts) -> str:
    """The same, also for `auto`."""
    return say("models.auto") if name == AUTO else shown(name)


def row_named(row: str, say: Texts) -> str:
    """A row of the table: the administrator's own words, or ours for those built in."""
    return say(f"models.row_{row}") if say.has(f"models.row_{row}") else row


def after(services: Services, name: str) -> str:
    """The model to try next; empty when there is no other."""
    found = _others(services, name)
    return found[0] if found else ""


async def permitted_after(turn: Turn, name: str) -> str:
    """The next model that may answer here; empty when there is no other."""
    others = _others(turn.services, name)
    return first_permitted(await verdicts(turn), others) if others else ""


def instead(chosen: Chosen, say: Texts) -> tuple[str, ...]:
    """What stands under an answer of another model than the one somebody chose."""
    if chosen.refused is None or not chosen.permitted or chosen.why == "default":
        return ()
    values = {"wanted": named(chosen.wanted, say), "name": shown(chosen.name), "rule": chosen.refused.rule}
    return (say("models.instead", **values),)


def _others(services: Services, name: str) -> tuple[str, ...]:
    names = list(services.models)
    at = names.index(name) + 1 if name in names else 0
    return tuple(other for other in (*names[at:], *names[:at]) if other != name)
