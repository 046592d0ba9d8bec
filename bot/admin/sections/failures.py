"""What did not work, how often, and why, in sentences."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from bot.admin.outcomes import FINE, meaning
from bot.admin.section import Block, Column, Section, Table, Tile, Tiles, View
from bot.admin.tables import by_day
from bot.store.figures import Calls, Figures
from bot.store.overview import Overview


async def build(view: View) -> Sequence[Block]:
    period = view.period
    calls, messages = await asyncio.gather(
        Figures(view.database).calls(period.since, period.until), Overview(view.database).messages(period.since)
    )
    failed = [one for one in calls if one.outcome not in FINE]
    models = tuple(view.services.models)
    broken, total = sum(one.calls for one in failed), sum(one.calls for one in calls)
    unsure, waiting = messages.get("unknown", 0), messages.get("waiting", 0)
    return [
        Tiles(
            [
                Tile("Failed model calls", broken, note=f"of {total:,}", tone="bad" if broken > total / 20 else ""),
                Tile("Share", 100 * broken / total if total else None, "percent"),
                Tile(
                    "Messages of unknown end", unsure, note="nobody knows whether the person saw an answer",
                    tone="bad" if unsure else "good",
                ),
                Tile("Messages that wait", waiting, note="right now", tone="warn" if waiting > 100 else ""),
                Tile("Worked on", messages.get("working", 0) + messages.get("sending", 0), note="right now"),
            ]
        ),
        by_day("Failed model calls", period, ((one.day, one.outcome, one.calls) for one in failed)),
        by_day("Failed model calls by model", period, ((one.day, one.name, one.calls) for one in failed), order=models),
        _reasons(failed),
        _where(failed),
    ]  # fmt: skip


def _reasons(failed: Sequence[Calls]) -> Table:
    counted, last = Counter[str](), dict[str, float]()
    for one in failed:
        counted[one.outcome] += one.calls
        last[one.outcome] = max(last.get(one.outcome, 0.0), one.last)
    rows = [(outcome, times, meaning(outcome), last[outcome]) for outcome, times in counted.most_common()]
    columns = [Column("Outcome", "code"), Column("Calls", "count"), Column("What it means"), Column("Last", "when")]
    return Table("Reasons", columns, rows, empty="No model call failed in this time.", wide=True)


def _where(failed: Sequence[Calls]) -> Table:
    counted = Counter[tuple[str, str, str, str]]()
    for one in failed:
        counted[one.name, one.outcome, one.purpose, one.place] += one.calls
    columns = [
        Column("Model"), Column("Outcome", "code"), Column("Asked for"), Column("Place"), Column("Calls", "count"),
    ]  # fmt: skip
    rows = [(*key, times) for key, times in counted.most_common()]
    return Table("Which calls", columns, rows, empty="No model call failed in this time.", wide=True)


SECTION = Section("Failures", 3, build)
