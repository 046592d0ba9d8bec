"""Reads the policy file strictly: each mistake becomes a sentence that names the line and the rule, and nothing starts with one."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.labels import LabelRules, PlaceName
from bot.labels import Rule as LabelRule
from bot.policy.lines import line_of
from bot.policy.rules import OTHERWISE, Otherwise, Policy, Rule, Targets, vendor_of
from bot.policy.table import AUTO, DEFAULT_TABLE, Cost, Row, Task

_NAME = re.compile(r"[^\W_][\w .,:;()/&'’%+-]{0,79}")
_PERIOD = re.compile(r"(\d{1,5}) (hour|day|week|month|year)s?")
_SECONDS = {"hour": 3600, "day": 86400, "week": 7 * 86400, "month": 30 * 86400, "year": 365 * 86400}
_MOST_FAULTS = 20
RESERVED = frozenset({AUTO, "default"})
"""Names no model can have."""
Place = tuple[str | int, ...]


class PolicyError(ValueError):
    """The file can't be used: one sentence a mistake, for whoever runs us."""


def _folded(value: object) -> object:
    return [one.casefold() if isinstance(one, str) else one for one in value] if isinstance(value, list) else value


def _period(value: object) -> object:
    """Seconds. `none`, or `30 days`."""
    if value == "none":
        return 0
    match = _PERIOD.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be "none" or a time such as "30 days"')
    return int(match[1]) * _SECONDS[match[2]]


Names = Annotated[frozenset[str], BeforeValidator(_folded)]
Period = Annotated[int, BeforeValidator(_period)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False, frozen=True)


class _Targets(_Part):
    models: Names = frozenset()
    doors: Names = frozenset()
    vendors: Names = frozenset()


def _targets(value: object) -> object:
    if value == "all":
        return _Targets()
    if not isinstance(value, dict):
        raise ValueError('must be "all" or a table such as { doors = ["openai"] }')  # noqa: TRY004 -- pydantic collects ValueErrors
    if not any(value.values()):
        raise ValueError('names no model; write "all" for every one')
    return value


TargetsOf = Annotated[_Targets, BeforeValidator(_targets)]


class _Rule(_Part):
    name: str
    people: Names = frozenset()
    groups: Names = frozenset()
    tenants: Names = frozenset()
    regions: Names = frozenset()
    places: frozenset[PlaceName] = frozenset()
    labels: Names = frozenset()
    allow: TargetsOf | None = None
    deny: TargetsOf | None = None
    retention: Period | None = None

    def built(self) -> Rule:
        values = {name: getattr(self, name) for name in _Rule.model_fields}
        made = {key: one and Targets(one.models, one.doors, one.vendors) for key, one in self._lists()}
        return Rule(**{**values, **made})

    def _lists(self) -> tuple[tuple[str, _Targets | None], ...]:
        return ("allow", self.allow), ("deny", self.deny)


class _About(_Part):
    """What is declared of a model or of a door."""

    retention: Period | None = None
    cost: Cost | None = None


class _Tenant(_Part):
    region: str


class _Row(_Part):
    name: str
    task: frozenset[Task] = frozenset()
    question_from: int = Field(0, ge=0)
    evidence_from: int = Field(0, ge=0)
    labels: Names = frozenset()
    images: bool | None = None
    use: str = ""
    cost: Cost | None = None

    def built(self) -> Row:
        return Row(**{**{name: getattr(self, name) for name in _Row.model_fields}, "use": self.use.casefold()})


class _File(_Part):
    otherwise: Otherwise = "allow"
    region: str = ""
    default: str = ""
    tenants: dict[str, _Tenant] = {}
    models: dict[str, _About] = {}
    doors: dict[str, _About] = {}
    rules: tuple[_Rule, ...] = ()
    order: tuple[str, ...] = ()
    labels: dict[str, LabelRule] = {}
    auto: tuple[_Row, ...] | None = None
    budgets: dict[str, Any] = {}


def read(path: str, *, doors: Collection[str], models: Mapping[str, str]) -> Policy:
    """`doors`: the names there are; `models`: the door of each configured model by name. An empty path means no rules.

    Raises `PolicyError` with a sentence for each mistake.
    """
    if taken := sorted(RESERVED & set(models)):
        raise PolicyError(f"MODELS: the name {taken[0]!r} is taken: people say it for something else.")
    if not path:
        return Policy()
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError("POLICY names a file that I can't read.") from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"The policy file is not TOML: {error}.") from error
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        faults = [(_tidy(fault["loc"]), _said(fault)) for fault in error.errors(include_url=False)]
    else:
        faults = list(_checked(file, doors, models))
        if not faults:
            return _built(file)
    raise PolicyError("\n".join(_sentence(text, raw, place, what) for place, what in faults[:_MOST_FAULTS]))


def _built(file: _File) -> Policy:
    kept = {name.casefold(): about.retention for name, about in file.models.items()}
    kept |= {f"door:{name.casefold()}": about.retention for name, about in file.doors.items()}
    by_door = {name.casefold(): about.cost for name, about in file.doors.items() if about.cost}
    costs = {name.casefold(): about.cost for name, about in file.models.items() if about.cost}
    return Policy(
        rules=tuple(rule.built() for rule in file.rules),
        otherwise=file.otherwise,
        region=file.region.casefold(),
        tenants={id.casefold(): tenant.region.casefold() for id, tenant in file.tenants.items()},
        retention={name: seconds for name, seconds in kept.items() if seconds is not None},
        labels=LabelRules.of(file.order, file.labels),
        default=file.default.casefold(),
        table=DEFAULT_TABLE if file.auto is None else tuple(row.built() for row in file.auto),
        costs={**{f"door:{name}": cost for name, cost in by_door.items()}, **costs},
        budgets=file.budgets,
    )


def _checked(file: _File, doors: Collection[str], models: Mapping[str, str]) -> Iterator[tuple[Place, str]]:
    """What is well formed and yet cannot be meant."""
    vendors = {vendor_of(door) for door in doors}
    there: Mapping[str, Collection[str]] = {"models": models, "doors": doors, "vendors": vendors}
    for kind, declared in (("models", file.models), ("doors", file.doors)):
        yield from _unknown((kind,), [name.casefold() for name in declared], there, kind, deeper=True)
    if file.default and file.default.casefold() not in {*models, AUTO}:
        yield ("default",), f"{file.default} is none of the models: {_listed({*models, AUTO})}"
    seen: set[str] = set()
    for number, rule in enumerate(file.rules):
        at: Place = ("rules", number)
        yield from _named(at, rule.name, seen)
        if rule.name.casefold() in {OTHERWISE, *(label.casefold() for label in file.labels)}:
            yield (*at, "name"), "this name is taken by the file itself"
        yield from _effect(at, rule)
        for key, targets in (("allow", rule.allow), ("deny", rule.deny)):
            if targets is not None:
                for kind in there:
                    yield from _unknown((*at, key), sorted(getattr(targets, kind)), there, kind)
    seen = set()
    for number, row in enumerate(file.auto or ()):
        at = ("auto", number)
        yield from _named(at, row.name, seen)
        if bool(row.use) == (row.cost is not None):
            yield at, 'say what answers: either use = "<a model>" or cost = "low", "medium" or "high"'
        if row.use:
            yield from _unknown((*at, "use"), [row.use.casefold()], there, "models")
    yield from _labels(file, doors)


def _named(at: Place, name: str, seen: set[str]) -> Iterator[tuple[Place, str]]:
    if not _NAME.fullmatch(name):
        yield (*at, "name"), "a name is 1 to 80 letters, digits and plain marks: people read it when they are refused"
    elif name.casefold() in seen:
        yield (*at, "name"), "this name is given twice"
    seen.add(name.casefold())


def _effect(at: Place, rule: _Rule) -> Iterator[tuple[Place, str]]:
    if rule.allow is not None and rule.deny is not None:
        yield (*at, "deny"), "a rule either allows or denies"
    elif rule.deny is not None and rule.retention is not None:
        yield (*at, "retention"), "a promise is demanded alone or together with allow, and not with deny"
    elif rule.allow is None and rule.deny is None and rule.retention is None:
        yield at, "it does nothing: it needs allow, deny or retention"


def _labels(file: _File, doors: Collection[str]) -> Iterator[tuple[Place, str]]:
    known = {name.casefold() for name in file.order}
    for label, rule in file.labels.items():
        for door in rule.doors or ():
            if door not in doors:
                yield ("labels", label, "doors"), f"there is no door {door}: {_listed(doors)}"
        if file.order and label.casefold() not in known:
            yield ("labels", label), "this label is not in the order"


def _unknown(
    at: Place, names: Collection[str], there: Mapping[str, Collection[str]], kind: str, *, deeper: bool = False
) -> Iterator[tuple[Place, str]]:
    for name in names:
        if name not in there[kind]:
            yield (*at, name) if deeper else at, f"there is no {kind.removesuffix('s')} {name}: {_listed(there[kind])}"


def _listed(names: Collection[str]) -> str:
    return f"there is {', '.join(sorted(names))}" if names else "there is none"


def _tidy(place: tuple[str | int, ...]) -> Place:
    """Without what pydantic adds of its own."""
    return tuple(
        part for part in place if not (isinstance(part, str) and part.startswith(("function-", "constrained")))
    )


def _said(fault: Mapping[str, Any]) -> str:
    match fault["type"]:
        case "extra_forbidden":
            if len(fault["loc"]) > 1 and fault["loc"][-1] in _File.model_fields:
                return "this word stands at the top of the file, before the first line in [brackets]"
            return "I don't know this word"
        case "missing":
            return f"{fault['loc'][-1]} is missing"
        case "literal_error":
            return f"it may be {fault['ctx']['expected']}"
        case "value_error":
            return str(fault["ctx"]["error"])
    message = str(fault["msg"])
    return f"{message[:1].lower()}{message[1:]}"


def _sentence(text: str, raw: Mapping[str, Any], place: Place, what: str) -> str:
    line = line_of(text, place)
    where = f"line {line}" if line else "its beginning"
    if len(place) > 1 and place[0] in ("rules", "auto") and isinstance(place[1], int):
        listed = raw.get(str(place[0]))
        entry = listed[place[1]] if isinstance(listed, list) and place[1] < len(listed) else {}
        name = entry.get("name") if isinstance(entry, dict) else None
        kind = "rule" if place[0] == "rules" else "row"
        where += f", {kind} “{name}”" if isinstance(name, str) and _NAME.fullmatch(name) else f", {kind} {place[1] + 1}"
        place = place[2:]
    key = ".".join(str(part) for part in place if isinstance(part, str))
    return f"The policy file, {where}{f', {key}' if key else ''}: {what}."
