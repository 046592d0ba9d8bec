"""Sensitivity labels: which is the most restricted, and the administrator's rules about what may be done with each.

The rules are one TOML file an administrator can read:

    order = ["Public", "General", "Confidential", "Secret"]     # lowest first

    [labels.Secret]
    doors = []                    # to no model at all

    [labels.Confidential]
    doors = ["anthropic"]         # only to models behind these doors
    places = ["personal"]         # only in private answers

A label without a rule, and content without a label, may go anywhere its readers allow.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

PlaceName = Literal["personal", "group", "channel"]


class LabelRulesError(ValueError):
    """The file of rules can't be used; the text says why, for whoever runs us."""


class Rule(BaseModel):
    """None: no limit. An empty list: nowhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    doors: tuple[str, ...] | None = None
    """Names of doors (`anthropic`, `openai`, ...) whose models may read it."""
    places: tuple[PlaceName, ...] | None = None
    """Kinds of conversations it may be used in."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    order: tuple[str, ...] = ()
    labels: dict[str, Rule] = {}


@dataclass(frozen=True, slots=True)
class LabelRules:
    """Labels are compared without regard to case."""

    order: tuple[str, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict[str, Rule])

    @staticmethod
    def read(path: str, doors: Iterable[str]) -> "LabelRules":
        """`doors`: the names there are. An empty path means no rules. Raises `LabelRulesError`."""
        if not path:
            return LabelRules()
        try:
            file = _File.model_validate(tomllib.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise LabelRulesError("LABEL_RULES names a file that I can't read.") from error
        except tomllib.TOMLDecodeError as error:
            raise LabelRulesError(f"The file of LABEL_RULES is not TOML: {error}") from error
        except ValidationError as error:
            fault = error.errors(include_input=False)[0]
            where = ".".join(map(str, fault["loc"]))
            raise LabelRulesError(f"The file of LABEL_RULES has a fault at {where}: {fault['msg']}.") from error
        known = set(doors)
        for label, rule in file.labels.items():
            if unknown := [door for door in rule.doors or () if door not in known]:
                raise LabelRulesError(
                    f"The file of LABEL_RULES names doors for {label} that I don't have: {', '.join(unknown)}."
                )
            if file.order and label.casefold() not in {name.casefold() for name in file.order}:
                raise LabelRulesError(f"The file of LABEL_RULES has a rule for {label}, which is not in its order.")
        folded = {label.casefold(): rule for label, rule in file.labels.items()}
        return LabelRules(tuple(name.casefold() for name in file.order), folded)

    def allows(self, label: str, *, door: str, place: PlaceName) -> bool:
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
