"""Which model answers where people chose `auto`: a table an administrator can read, whose first row that fits decides."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

Task = Literal["small_talk", "short_question", "question", "summary", "images", "table", "code"]
TASKS: tuple[Task, ...] = get_args(Task)
Cost = Literal["low", "medium", "high"]
AUTO = "auto"
_LOW, _MEDIUM = Decimal(2), Decimal(12)
"""The most a class costs. On 2026-11-22 vendors asked 0.50 to 50 dollars."""


def class_of(price: Decimal | None) -> Cost | None:
    """Of a model nobody put in a class: by what a million tokens of its answers cost, in US dollars."""
    if price is None:
        return None
    return "low" if price <= _LOW else "medium" if price <= _MEDIUM else "high"


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of a question when its model is chosen."""

    tasks: frozenset[Task] = frozenset()
    question: int = 0
    """Characters."""
    evidence: int = 0
    """Characters of what was found and sent for it; 0 while nothing was looked for."""
    labels: frozenset[str] = frozenset()
    images: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Conditions that are left out hold always. Exactly one of `use` (a name of MODELS) and `cost` says what answers."""

    name: str
    task: frozenset[Task] = frozenset()
    """Any of these."""
    question_from: int = 0
    """Characters, at least."""
    evidence_from: int = 0
    labels: frozenset[str] = frozenset()
    """Any of these, case-folded."""
    images: bool | None = None
    use: str = ""
    cost: Cost | None = None
    """The first of MODELS in this class."""

    def fits(self, features: Features) -> bool:
        return (
            (not self.task or not self.task.isdisjoint(features.tasks))
            and features.question >= self.question_from
            and features.evidence >= self.evidence_from
            and (not self.labels or any(label.casefold() in self.labels for label in features.labels))
            and self.images in (None, features.images)
        )

    @property
    def looks_at_evidence(self) -> bool:
        """Whether it can be decided only after something was looked for."""
        return bool(self.evidence_from or self.labels)


DEFAULT_TABLE = (
    Row("small_talk", task=frozenset({"small_talk"}), cost="low"),
    Row("code_and_tables", task=frozenset({"code", "table"}), cost="high"),
    Row("whole_documents", task=frozenset({"summary"}), cost="medium"),
)
"""Where the file has no table; the languages know these names.

Where no model is of a class, its row names nobody, and the next rows are read."""


@dataclass(frozen=True, slots=True)
class Picked:
    name: str
    """Of a model."""
    row: str = ""
    """The row's name; empty when none fitted."""


def pick(
    table: tuple[Row, ...],
    features: Features,
    names: tuple[str, ...],
    cost_of: Callable[[str], Cost | None],
    can: Callable[[str], bool],
) -> Picked | None:
    """The first row that fits and names a model that `can` answer; else the first of `names` that can; None when none can."""
    for row in table:
        if row.fits(features):
            wanted = (row.use,) if row.use else tuple(name for name in names if cost_of(name) == row.cost)
            found = next((name for name in wanted if name in names and can(name)), "")
            if found:
                return Picked(found, row.name)
    found = next((name for name in names if can(name)), "")
    return Picked(found) if found else None
