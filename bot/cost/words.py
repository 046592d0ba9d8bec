"""Amounts, warnings and stops in words people read."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from bot.cost.budgets import MICROS, OverBudget, Warned
from bot.texts import Texts

_SMALLEST = Decimal("0.0001")


def money(micros: int, say: Texts) -> str:
    """Millionths of a US dollar: to the cent from a dollar on, else to two figures that say something."""
    dollars = Decimal(micros) / MICROS
    if 0 < dollars < _SMALLEST:
        return say("cost.less", amount=_written(_SMALLEST, say))
    digits = 2 if dollars >= 1 or not dollars else min(max(1 - dollars.adjusted(), 2), 4)
    return say("cost.money", amount=_written(dollars.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP), say))


def _written(amount: Decimal, say: Texts) -> str:
    return f"{amount:f}".replace(".", say("cost.point"))


def percent(spent: int, limit: int) -> int:
    """Never more than was spent: 100 means all."""
    return 100 * spent // limit if limit else 100


def stopped(error: OverBudget, say: Texts) -> str:
    """What is used up, until when, and who can change that."""
    who = error.raised_by or say("cost.somebody")
    return say(f"cost.stop_{error.kind}", limit=money(error.limit, say), day=f"{error.ends:%Y-%m-%d}", who=who)


def warnings(warned: Iterable[Warned], say: Texts) -> tuple[str, ...]:
    """Notices under an answer."""
    return tuple(say(f"cost.warned_{one.kind}", percent=one.percent, limit=money(one.limit, say)) for one in warned)
