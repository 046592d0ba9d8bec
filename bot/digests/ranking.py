"""What stands first in a digest, and what is left for "and n more": by rules, so that no text can talk its way up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.digests.item import Item

MOST = 20
"""Lines a person reads on a phone in half a minute."""
FIRST = 5
"""Of them, at the top: at least three where there is enough below them."""
_LEAST_FIRST = 3
_URGENT = 0.6
_DUE = {0: 0.3, 1: 0.25, 2: 0.15, 3: 0.1}
"""By days until it is due, added to how urgent it is."""

SECTION_OF = {
    "conflict": "calendar",
    "event": "calendar",
    "waiting": "waiting",
    "mention": "mentions",
    "question": "mentions",
    "document": "documents",
    "promise": "commitments",
    "request": "commitments",
    "deadline": "commitments",
}


def section_of(item: Item) -> str:
    return item.section or SECTION_OF[item.kind]


@dataclass(frozen=True, slots=True)
class Chosen:
    first: tuple[Item, ...]
    """Most urgent first; empty for a digest so short that it needs no top."""
    rest: tuple[tuple[str, tuple[Item, ...]], ...]
    """By section, in their order; each in the order its section gave."""
    left: int
    """How many more there are."""

    @property
    def items(self) -> tuple[Item, ...]:
        return (*self.first, *(item for _, items in self.rest for item in items))

    def reordered(self, ids: Sequence[str]) -> "Chosen":
        """What stands first, in this order as far as it says one."""
        places = {id: place for place, id in enumerate(ids)}
        return replace(self, first=tuple(sorted(self.first, key=lambda item: places.get(item.id, len(places)))))


def due_counted(items: Sequence[Item], today: date) -> list[Item]:
    """With what a day says about urgency."""
    return [replace(item, urgency=min(1.0, item.urgency + _nearness(item, today))) for item in items]


def _nearness(item: Item, today: date) -> float:
    if item.due is None:
        return 0.0
    return _DUE.get(max(0, (item.due - today).days), 0.0)


def chosen(items: Sequence[Item], order: Sequence[str], most: int = MOST) -> Chosen:
    """`order`: names of sections. What does not fit is what matters least."""
    ranked = sorted(items, key=lambda item: -item.urgency)
    kept = ranked[:most]
    first = _top(kept) if len(kept) > FIRST else []
    ids = {item.id for item in first}
    shown = {item.id for item in kept}
    rest = [item for item in items if item.id in shown and item.id not in ids]
    names = dict.fromkeys((*order, *map(section_of, rest)))
    grouped = [(name, tuple(item for item in rest if section_of(item) == name)) for name in names]
    return Chosen(tuple(first), tuple((name, some) for name, some in grouped if some), len(items) - len(kept))


def _top(ranked: Sequence[Item]) -> list[Item]:
    urgent = [item for item in ranked if item.urgency >= _URGENT]
    return list(ranked[: max(_LEAST_FIRST, min(len(urgent), FIRST))])
