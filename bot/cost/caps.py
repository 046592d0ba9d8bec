"""What administrators allow of digests: how many somebody may have, how often one may come, and what all of one person's may cost."""

from dataclasses import dataclass

from bot.cost.budgets import MICROS


@dataclass(frozen=True, slots=True)
class Caps:
    most: int = 20
    """Digests of one person that run."""
    hours: float = 12.0
    """The least time between two times of one digest."""
    dollars: float = 0.0
    """US dollars all digests of one person may cost in a calendar month; 0: no limit of their own."""
    batch_minutes: float = 0.0
    """How much later a digest may come that is weekly or rarer, for the sake of a batch at half the price; 0: not at all."""

    @property
    def micros(self) -> int:
        return round(self.dollars * MICROS)
