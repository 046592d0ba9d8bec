"""What may be spent this month, and what is."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.admin.section import Block, Column, Note, Section, Table, Tile, Tiles, Tone, View
from bot.cost.budgets import MARKS, Budgets, Kind, Owner
from bot.store.overview import Overview

KINDS: dict[str, Kind] = {"person": "person", "conversation": "conversation", "organisation": "organisation"}
EACH = {"person": "Each person", "conversation": "Each shared conversation", "organisation": "The organisation"}


async def build(view: View) -> Sequence[Block]:
    budgets = view.services.ledger.budgets
    month = budgets.month(datetime.fromtimestamp(view.now, UTC))
    spent = [(_owner(one.owner), one.spent) for one in await Overview(view.database).spent(month.name)]
    known = [(owner, amount) for owner, amount in spent if owner is not None]
    blocks: list[Block] = [
        Tiles(
            [
                Tile("Month", month.name, "text", f"ends {month.ends:%Y-%m-%d}"),
                Tile("Spent by the organisation", sum(a for o, a in known if o.kind == "organisation"), "usd"),
                Tile("People who cost something", sum(o.kind == "person" for o, _ in known)),
            ]
        )
    ]
    if not budgets.any:
        blocks.append(Note("There are no budgets: the policy file has no [budgets] with an amount. Nobody is stopped."))
    else:
        blocks.append(_limits(budgets))
    kinds: tuple[Kind, ...] = ("organisation", "person", "conversation")
    return [*blocks, *(_spent(kind, budgets, [(o, a) for o, a in known if o.kind == kind]) for kind in kinds)]


def _owner(key: str) -> Owner | None:
    kind, colon, id = key.partition(":")
    return Owner(KINDS[kind], id) if colon and kind in KINDS else None


def _limits(budgets: Budgets) -> Table:
    rows = [(EACH[kind], limit) for kind, limit in budgets.each.items()]
    rows += [(key, limit) for key, limit in sorted(budgets.own.items())]
    return Table("Limits a month", [Column("Whose"), Column("Limit", "usd")], rows)


def _spent(kind: Kind, budgets: Budgets, spent: Sequence[tuple[Owner, int]]) -> Table:
    columns = [
        Column("Person", "person") if kind == "person" else Column(kind.capitalize(), "code"),
        Column("Spent", "usd"), Column("Limit", "usd"), Column("Used", "percent"),
    ]  # fmt: skip
    rows, tones = [], dict[int, Tone]()
    for number, (owner, amount) in enumerate(spent):
        limit = budgets.limit(owner)
        used = 100 * amount / limit if limit else None
        rows.append((owner.id, amount, limit, used))
        if used is not None and used >= MARKS[0]:
            tones[number] = "bad" if used >= 100 else "warn"
    titles = {"person": "By person", "conversation": "By shared conversation", "organisation": "By organisation"}
    return Table(
        titles[kind], columns, rows, empty="Nothing was spent this month.", tones=tones, wide=kind != "organisation"
    )


SECTION = Section(
    "Budgets",
    7,
    build,
    "Of this calendar month. What was spent is counted whether there is a limit or not.",
    timed=False,
)
