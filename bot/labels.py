"""Sensitivity labels: which is the most restricted, and the administrator's rules about what may be done with each.

The rules stand in the policy file (docs/policy.md):

    order = ["Public", "General", "Confidential", "Secret"]     # lowest first

    [labels.Secret]
    doors = []                    # to no model at all

    [labels.Confidential]
    doors = ["anthropic"]         # only to models behind these doors
    places = ["personal"]         # only in private answers

A label without a rule, and content without a label, may go anywhere its readers and the other rules allow.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict

PlaceName = Literal["personal", "group", "channel", "digest"]
"""A private question in a shared place counts as personal; what is written on a schedule is a digest, wherever it is delivered."""


class Rule(BaseModel):
    """None: no limit. An empty list: nowhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    doors: tuple[str, ...] | None = None
    """Names of doors (`anthropic`, `openai`, ...) whose models may read it."""
    places: tuple[PlaceName, ...] | None = None
    """Kinds of conversations it may be used in."""


@dataclass(frozen=True, slots=True)
class LabelRules:
    """Labels are compared without regard to case."""

    order: tuple[str, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict[str, Rule])

    @staticmethod
    def of(order: Iterable[str], rules: Mapping[str, Rule]) -> "LabelRules":
        """As the file has them."""
        folded = {label.casefold(): rule for label, rule in rules.items()}
        return LabelRules(tuple(name.casefold() for name in order), folded)

    def allows(self, label: str, *, door: str, place: str) -> bool:
        """Whether text with this label may go to a model behind the door, for an answer in such a place."""
        rule = self.rules.get(label.casefold())
        if rule is None:
            return True
        return (rule.doors is None or door in rule.doors) and (rule.places is None or place in rule.places)

    def allows_place(self, label: str, place: str) -> bool:
        """Whether text with this label, already made, may be shown in such a place."""
        rule = self.rules.get(label.casefold())
        return rule is None or rule.places is None or place in rule.places

    def highest(self, labels: Iterable[str]) -> str:
        """The most restricted of them, as it was written; of labels the order does not know, the first by name. Empty for none."""
        named = sorted({label for label in labels if label})
        return max(named, key=self._rank, default="")

    def _rank(self, label: str) -> tuple[int, bool]:
        folded = label.casefold()
        known = self.order.index(folded) if folded in self.order else -1
        return known, folded in self.rules
