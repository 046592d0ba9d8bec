"""The policy in force, in words: which models there are, who may ask them, where and about what."""

from collections.abc import Iterable, Sequence

from bot.admin.section import Block, Column, Note, Section, Table, Value, View
from bot.labels import LabelRules
from bot.policy.rules import Policy, Rule, Targets
from bot.policy.table import Row

DAY = 86400


async def build(view: View) -> Sequence[Block]:
    policy, models = view.services.policy, view.services.models
    first = "a model by the table below" if policy.default == "auto" else policy.default or next(iter(models), "")
    otherwise = "it is allowed" if policy.otherwise == "allow" else "it is refused"
    blocks: list[Block] = [
        Note(
            f"The first rule that matches decides; where none does, {otherwise}. Who chose no model is answered by {first}. "
            "Readers' own rights come before all of this: nobody is given what they may not open."
        ),
        Table(
            "Models",
            [
                Column("Name"),
                Column("Door"),
                Column("Vendor's name", "code"),
                Column("Keeps what it is sent"),
                Column("Cost class"),
            ],
            [
                (name, model.door, model.model, _kept(policy, model.door, name), policy.cost_of(model.door, name))
                for name, model in models.items()
            ],
            wide=True,
        ),
        Table(
            "Rules",
            [Column("#", "count"), Column("Rule"), Column("Applies to"), Column("What it does")],
            [(number, rule.name, _applies(rule), _does(rule)) for number, rule in enumerate(policy.rules, 1)],
            empty="There are no rules: every model may be asked by everybody, anywhere.",
            wide=True,
        ),
    ]
    if policy.tenants or policy.region:
        regions = policy.tenants or {"this tenant": policy.region}
        blocks.append(Table("Regions", [Column("Tenant", "code"), Column("Region")], list(regions.items())))
    return [*blocks, _labels(policy.labels), _auto(policy.table)]


def _kept(policy: Policy, door: str, name: str) -> str:
    seconds = policy.retention.get(name, policy.retention.get(f"door:{door}"))
    return "no promise declared" if seconds is None else _period(seconds)


def _period(seconds: int) -> str:
    if not seconds:
        return "not at all"
    return f"{seconds / DAY:g} days" if seconds >= DAY else f"{seconds / 3600:g} hours"


def _applies(rule: Rule) -> str:
    parts = [
        _some("people", rule.people), _some("groups", rule.groups), _some("tenants", rule.tenants),
        _some("regions", rule.regions), _some("places", rule.places), _some("labels", rule.labels),
    ]  # fmt: skip
    return "; ".join(part for part in parts if part) or "everybody, everywhere, everything"


def _some(what: str, names: Iterable[str]) -> str:
    listed = ", ".join(sorted(names))
    return f"{what}: {listed}" if listed else ""


def _does(rule: Rule) -> str:
    if rule.deny is not None:
        return f"denies {_targets(rule.deny)}"
    promise = "" if rule.retention is None else f"that keep it {_at_most(rule.retention)}"
    if rule.allow is not None:
        return f"allows {_targets(rule.allow)} {promise}".strip()
    return f"denies all models but those {promise}"


def _at_most(seconds: int) -> str:
    return f"at most {_period(seconds)}" if seconds else "not at all"


def _targets(targets: Targets) -> str:
    parts = [_some("models", targets.models), _some("doors", targets.doors), _some("vendors", targets.vendors)]
    return "; ".join(part for part in parts if part) or "every model"


def _labels(labels: LabelRules) -> Table:
    names = [*labels.order, *(name for name in sorted(labels.rules) if name not in labels.order)]
    rows: list[tuple[Value, ...]] = []
    for name in names:
        rule = labels.rules.get(name)
        rows.append((name, _limit(rule.doors if rule else None), _limit(rule.places if rule else None)))
    columns = [Column("Label, lowest first"), Column("Doors that may read it"), Column("Places it may be used in")]
    return Table("Sensitivity labels", columns, rows, empty="Nothing is said about labels.", wide=True)


def _limit(names: Sequence[str] | None) -> str:
    if names is None:
        return "all"
    return ", ".join(names) if names else "none"


def _auto(table: Sequence[Row]) -> Table:
    columns = [Column("#", "count"), Column("Row"), Column("Fits"), Column("Answers")]
    rows = [
        (number, row.name, _fits(row), row.use or f"the first of cost class {row.cost}")
        for number, row in enumerate(table, 1)
    ]
    note = "For people who chose “auto”: the first row that fits."
    return Table("Which model answers by itself", columns, rows, note=note, empty="There is no table.", wide=True)


def _fits(row: Row) -> str:
    parts = [
        _some("tasks", row.task), _some("labels", row.labels),
        f"questions from {row.question_from:,} characters" if row.question_from else "",
        f"from {row.evidence_from:,} characters of evidence" if row.evidence_from else "",
        "" if row.images is None else "with images" if row.images else "without images",
    ]  # fmt: skip
    return "; ".join(part for part in parts if part) or "always"


SECTION = Section("Policy", 8, build, "As POLICY was read when this process started. See docs/policy.md.", timed=False)
