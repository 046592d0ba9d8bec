"""What a policy file means, told a second time and differently: from the text's own tables, for tests to compare with."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PEOPLE = ("sofia", "hiro", "amelie")
GROUPS = ("g-finance", "g-board")
LABELS = ("Inner", "Secret")
PLACES = ("personal", "group", "channel")
PERIODS = {"none": 0, "1 day": 1, "30 days": 30}
VENDORS = {"anthropic": "anthropic", "openai": "openai", "compatible": "compatible"}


@dataclass(frozen=True, slots=True)
class Who:
    id: str
    mail: str
    groups: frozenset[str]
    known: bool = True
    """Whether the directory tells their groups and address."""


def policy(dice: random.Random, models: Mapping[str, str], people: Sequence[Who]) -> dict[str, Any]:
    """The values of a random file; mostly something is left allowed."""
    rules = [_rule(dice, n, models, people) for n in range(dice.choice((1, 1, 2, 3, 4)))]
    made: dict[str, Any] = {"otherwise": dice.choice(("allow", "allow", "allow", "deny")), "rules": rules}
    if dice.random() < 0.3:
        made["region"] = dice.choice(("eu", "us"))
    for name, door in models.items():
        if dice.random() < 0.4:
            made.setdefault("models", {})[name] = {"retention": dice.choice(list(PERIODS))}
        if dice.random() < 0.4:
            made.setdefault("doors", {})[door] = {"retention": dice.choice(list(PERIODS))}
    for label in LABELS:
        if dice.random() < 0.4:
            made.setdefault("labels", {})[label] = {"doors": dice.sample(sorted(models.values()), dice.randrange(3))}
    if dice.random() < 0.4:
        made["default"] = dice.choice(["auto", *models])
    return made


def _rule(dice: random.Random, number: int, models: Mapping[str, str], people: Sequence[Who]) -> dict[str, Any]:
    rule: dict[str, Any] = {"name": f"Rule {number}"}
    if dice.random() < 0.5:
        rule["places"] = dice.sample(PLACES, dice.choice((1, 2)))
    if dice.random() < 0.3:
        rule["people"] = [dice.choice([who.id, who.mail.upper()]) for who in dice.sample(list(people), 1)]
    if dice.random() < 0.3:
        rule["groups"] = [dice.choice(GROUPS)]
    if dice.random() < 0.25:
        rule["labels"] = [dice.choice(LABELS).lower()]
    if dice.random() < 0.2:
        rule["regions"] = [dice.choice(("eu", "us"))]
    kind = dice.choice(("models", "doors", "vendors"))
    names = {"models": list(models), "doors": list(models.values()), "vendors": [VENDORS[d] for d in models.values()]}
    targets: Any = {kind: dice.sample(names[kind], dice.choice((1, 2)))} if dice.random() < 0.9 else "all"
    effect = dice.choice(("deny", "deny", "allow", "demand"))
    if effect != "demand":
        rule[effect] = targets
    if effect == "demand" or (effect == "allow" and dice.random() < 0.3):
        rule["retention"] = dice.choice(list(PERIODS))
    return rule


def forbids(made: Mapping[str, Any], who: Who, place: str, door: str, model: str, label: str = "") -> str:
    """The name of what forbids it; empty when it is allowed."""
    section: Mapping[str, Any] = next(
        (rule for name, rule in made.get("labels", {}).items() if name.lower() == label.lower()), {}
    )
    for rule in made["rules"]:
        certain, possible = _fits(rule, who, place, label, made.get("region", ""))
        promised = _promise(made, door, model)
        short = "retention" not in rule or (promised is not None and promised <= PERIODS[rule["retention"]])
        if "allow" in rule:
            if certain and short and _named(rule["allow"], door, model):
                break
        elif possible and (_named(rule["deny"], door, model) if "deny" in rule else not short):
            return str(rule["name"])
    else:
        if made["otherwise"] == "deny":
            return "otherwise"
    return label if label and "doors" in section and door not in section["doors"] else ""


def _fits(rule: Mapping[str, Any], who: Who, place: str, label: str, region: str) -> tuple[bool, bool]:
    """(certainly, possibly)"""
    if place not in rule.get("places", PLACES) or label.lower() not in rule.get("labels", [label.lower()]):
        return False, False
    if "regions" in rule and region and region not in rule["regions"]:
        return False, False
    certain = "regions" not in rule or bool(region)
    if "people" not in rule and "groups" not in rule:
        return certain, True
    named = [person.lower() for person in rule.get("people", [])]
    if who.id in named:
        return certain, True
    if who.known:
        found = who.mail in named or any(group in who.groups for group in rule.get("groups", []))
        return certain and found, found
    return False, "groups" in rule or any("@" in person for person in named)


def _promise(made: Mapping[str, Any], door: str, model: str) -> int | None:
    for kind, name in (("models", model), ("doors", door)):
        if (declared := made.get(kind, {}).get(name)) is not None:
            return PERIODS[declared["retention"]]
    return None


def _named(targets: Any, door: str, model: str) -> bool:
    if targets == "all":
        return True
    names = {"models": model, "doors": door, "vendors": VENDORS[door]}
    return any(name in targets.get(kind, []) for kind, name in names.items())


def toml(made: Mapping[str, Any]) -> str:
    """The file an administrator would write."""
    plain = [f"{key} = {_value(value)}" for key, value in made.items() if isinstance(value, str)]
    rules = [
        "\n".join(["[[rules]]", *(f"{key} = {_value(value)}" for key, value in rule.items())]) for rule in made["rules"]
    ]
    parts = ["\n".join(plain), *rules]
    for kind in ("models", "doors", "labels"):
        for name, values in made.get(kind, {}).items():
            parts.append(
                "\n".join([f"[{kind}.{name}]", *(f"{key} = {_value(value)}" for key, value in values.items())])
            )
    return "\n\n".join(parts)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    return "[" + ", ".join(map(_value, value)) + "]" if isinstance(value, list) else f'"{value}"'
