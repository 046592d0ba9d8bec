"""What did that cost? The newest answer here, this conversation, this month; and what of it the budgets leave."""

import asyncio
from dataclasses import replace

from bot.cards.kit import card, facts, paragraph
from bot.context import Outgoing, Place
from bot.cost.budgets import Owner
from bot.cost.words import money, percent
from bot.router import Command
from bot.services import Turn
from bot.store.audit import Sum, Wanted


async def run(turn: Turn, argument: str) -> None:
    del argument
    say = turn.say
    answer, conversation, month = await asyncio.gather(_answer(turn), _conversation(turn), _month(turn))
    pairs = [answer, conversation, *month]
    notes = [] if _private(turn) else [say("cost.privately")]
    if any(one.unpriced for _, one, _ in pairs):
        notes.append(say("cost.unpriced", n=max(one.unpriced for _, one, _ in pairs)))
    if any(one.estimated for _, one, _ in pairs):
        notes.append(say("cost.estimated"))
    notes.append(say("cost.prices", day=f"{turn.services.ledger.prices.as_of:%Y-%m-%d}"))
    shown = [(title, _amount(turn, one, limit)) for title, one, limit in pairs]
    body = [paragraph(say("cost.title"), heading=True), facts(shown), *(paragraph(note, subtle=True) for note in notes)]
    lines = "\n".join([say("cost.title"), *(f"{title}: {value}" for title, value in shown), *notes])
    await turn.conversation.stream().finish(Outgoing("", card=card(body, fallback=lines, language=say.language)))


Line = tuple[str, Sum, int | None]
"""What it is, what was spent on it, and the budget it counts against."""


def _private(turn: Turn) -> bool:
    return turn.incoming.reference.place is Place.PERSONAL or turn.incoming.targeted


async def _answer(turn: Turn) -> Line:
    """With all that was asked for it: a second model, a reviewer, notes on a long text."""
    services, here = turn.services, turn.incoming.kept_under
    found = await services.answers.latest(here, turn.person.id)
    asked = found and found.kept.asked
    spent = await services.ledger.audit.sum(Wanted(conversation_id=here, questions=(asked.id,))) if asked else Sum()
    return turn.say("cost.answer"), spent, None


async def _conversation(turn: Turn) -> Line:
    """Since its first message, as far as the audit goes back."""
    wanted = Wanted(conversation_id=turn.incoming.kept_under)
    return turn.say("cost.conversation"), await turn.services.ledger.audit.sum(wanted), None


async def _month(turn: Turn) -> list[Line]:
    """The place's own where it has a budget; a person's and the organisation's are nobody else's business."""
    ledger, reference, person = turn.services.ledger, turn.incoming.reference, turn.person
    month = ledger.budgets.month(turn.services.now())
    whole = Wanted(since=month.begins.timestamp(), until=month.ends.timestamp(), tenant=person.tenant)
    if not _private(turn):
        place = Owner("conversation", reference.id.partition(";")[0])
        limit = ledger.budgets.limit(place)
        spent = await ledger.spending.spent([place.key], month.name)
        return [] if limit is None else [(turn.say("cost.place"), Sum(cost=spent.get(place.key, 0)), limit)]
    if not person.id:
        return []
    mine = await ledger.audit.sum(replace(whole, person_id=person.id))
    lines: list[Line] = [(turn.say("cost.month"), mine, ledger.budgets.limit(Owner("person", person.id)))]
    if person.id in ledger.budgets.administrators:
        limit = ledger.budgets.limit(Owner("organisation", person.tenant))
        lines.append((turn.say("cost.organisation"), await ledger.audit.sum(whole), limit))
    return lines


def _amount(turn: Turn, spent: Sum, limit: int | None) -> str:
    say = turn.say
    if not spent.calls and not spent.cost and limit is None:
        return say("cost.nothing")
    if spent.calls and spent.unpriced == spent.calls:
        return say("cost.unknown")
    amount = money(spent.cost, say)
    if limit is not None:
        amount = say("cost.of", spent=amount, limit=money(limit, say), percent=percent(spent.cost, limit))
    return amount


COMMAND = Command(help="what my answers cost", run=run, also=("costs",), alone=True)
