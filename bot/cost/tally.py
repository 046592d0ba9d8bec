"""What model calls of one turn lead to besides an answer: warnings that its reader gets to see."""

from dataclasses import dataclass, field

from bot.cost.budgets import Warned


@dataclass(slots=True)
class Tally:
    """Of one turn; filled by its model calls."""

    warned: list[Warned] = field(default_factory=list[Warned])
    """Budgets that reached a mark in this turn."""
