"""Whether a model may be asked: the administrator's rules, read from the top, of which the first that matches decides.

What can't be known (the groups of somebody who is not signed in, the region of an unknown tenant) is never an advantage: a
rule that allows does not match then, a rule that refuses or demands does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.context import Person
from bot.labels import LabelRules
from bot.policy.table import DEFAULT_TABLE, Cost, Row
from graph.errors import SignInNeeded
from providers.errors import ProviderError

Otherwise = Literal["allow", "deny"]
OTHERWISE = "otherwise"
"""The name of what decides when no rule does."""
VENDORS: Mapping[str, str] = {
    "anthropic": "anthropic",
    "foundry": "anthropic",
    "bedrock": "anthropic",
    "vertex": "anthropic",
    "openai": "openai",
    "azure": "openai",
}
"""Who made what is behind a door; every other door is its own vendor."""


def vendor_of(door: str) -> str:
    return VENDORS.get(door, door)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something is forbidden: the name of the rule, as the file has it."""

    rule: str


class NotPermitted(ProviderError):
    """The policy forbids this call; nothing was sent. `rule` names what forbids it."""

    def __init__(self, rule: str, model: str) -> None:
        super().__init__("The policy does not permit this call.")
        self.rule = rule
        self.model = model


@dataclass(frozen=True, slots=True)
class Asker:
    """Who a model is asked for. None: not known at this moment."""

    person: Person
    mails: frozenset[str] | None = None
    """Their own addresses, case-folded."""
    groups: frozenset[str] | None = None
    """Entra object ids of the groups they are in, case-folded, those they are in through another group included."""
    needed: SignInNeeded | None = None
    """What they have to do before more is known of them."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Models, by any of three names. All empty: every model."""

    models: frozenset[str] = frozenset()
    """Names of MODELS."""
    doors: frozenset[str] = frozenset()
    vendors: frozenset[str] = frozenset()

    def has(self, door: str, model: str) -> bool:
        if not (self.models or self.doors or self.vendors):
            return True
        return model in self.models or door in self.doors or vendor_of(door) in self.vendors


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions that are empty hold always; `people` and `groups` are one condition: any of both. All is case-folded."""

    name: str
    people: frozenset[str] = frozenset()
    """Entra object ids and mail addresses."""
    groups: frozenset[str] = frozenset()
    tenants: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    allow: Targets | None = None
    deny: Targets | None = None
    retention: int | None = None
    """Seconds the vendor may keep what it was sent. With `allow`: only models that promise it are allowed; alone: all others
    are refused, and the rules below decide about those that do."""

    def fits(self, asker: Asker, place: str, label: str, region: str) -> bool | None:
        """Whether all conditions hold; None when that hangs on something nobody knows now."""
        holds = [
            None if self.tenants and not asker.person.tenant else self._is_of(asker.person.tenant),
            not self.places or place in self.places,
            not self.labels or label.casefold() in self.labels,
            None if self.regions and not region else not self.regions or region in self.regions,
            self._who(asker),
        ]
        if False in holds:
            return False
        return None if None in holds else True

    def _is_of(self, tenant: str) -> bool:
        return not self.tenants or tenant.casefold() in self.tenants

    def _who(self, asker: Asker) -> bool | None:
        if not (self.people or self.groups):
            return True
        mails = frozenset(person for person in self.people if "@" in person)
        id = frozenset({asker.person.id.casefold()}) if asker.person.id else None
        asked = [(id, self.people - mails), (asker.mails, mails), (asker.groups, self.groups)]
        asked = [(known, wanted) for known, wanted in asked if wanted]
        if any(known and known & wanted for known, wanted in asked):
            return True
        return None if any(known is None for known, _ in asked) else False


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole file. Without one everything is allowed, as far as readers allow it."""

    rules: tuple[Rule, ...] = ()
    otherwise: Otherwise = "allow"
    region: str = ""
    """Of this tenant, case-folded; unused where `tenants` has any."""
    tenants: Mapping[str, str] = field(default_factory=dict[str, str])
    """The region of each tenant, by id, for an app that serves several; of a tenant that is not there it is unknown."""
    retention: Mapping[str, int] = field(default_factory=dict[str, int])
    """Seconds what was sent is kept, as declared: by name of a model, or `door:` and the name of a door."""
    labels: LabelRules = field(default_factory=LabelRules)
    default: str = ""
    """A name of MODELS, or `auto`; empty: the first of MODELS."""
    table: tuple[Row, ...] = DEFAULT_TABLE
    """Which model answers whom nobody chose one for, with `auto`."""
    costs: Mapping[str, Cost] = field(default_factory=dict[str, Cost])
    """What a model costs, as declared: by name as in `retention`."""
    budgets: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The section of this name, for whoever counts."""

    def cost_of(self, door: str, model: str) -> Cost | None:
        return self.costs.get(model, self.costs.get(f"door:{door}"))

    @property
    def minds_labels(self) -> bool:
        """Whether some rule is about labels."""
        return bool(self.labels.rules) or any(rule.labels for rule in self.rules)

    @property
    def asks_directory(self) -> bool:
        """Whether some rule hangs on a person's groups or mail address."""
        return any(rule.groups or any("@" in person for person in rule.people) for rule in self.rules)

    def permits(self, asker: Asker, place: str, door: str, model: str, labels: Iterable[str] = ()) -> Refused | None:
        """None: the model with this name behind this door may be asked for them, there, with text that has these labels.

        What people type has no label, so the rules must allow that as well.
        """
        for label in ("", *sorted(set(labels) - {""})):
            refused = self._decides(asker, place, door, model, label)
            if refused is None and label and not self.labels.allows(label, door=door, place=place):
                refused = Refused(label)
            if refused is not None:
                return refused
        return None

    def _decides(self, asker: Asker, place: str, door: str, model: str, label: str) -> Refused | None:
        region = self.tenants.get(asker.person.tenant.casefold(), "") if self.tenants else self.region
        for rule in self.rules:
            fits = rule.fits(asker, place, label, region)
            kept = self._keeps(rule, door, model)
            if rule.allow is not None:
                if fits and kept and rule.allow.has(door, model):
                    return None
            elif fits is not False and (rule.deny.has(door, model) if rule.deny is not None else not kept):
                return Refused(rule.name)
        return None if self.otherwise == "allow" else Refused(OTHERWISE)

    def _keeps(self, rule: Rule, door: str, model: str) -> bool:
        """Whether the model's promise is as short as the rule demands; what promises nothing keeps for ever."""
        if rule.retention is None:
            return True
        promised = self.retention.get(model, self.retention.get(f"door:{door}"))
        return promised is not None and promised <= rule.retention


def first_permitted(verdicts: Mapping[str, Refused | None], names: Sequence[str]) -> str:
    """The first of these names that nothing refuses; empty for none."""
    return next((name for name in names if verdicts.get(name, None) is None), "")
