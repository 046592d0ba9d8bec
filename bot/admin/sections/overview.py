"""The first look: is it used, does it work, is it quick, what does it cost."""

import asyncio
from collections.abc import Sequence

from bot.admin.outcomes import AGAINST_VENDOR, FINE
from bot.admin.section import Block, Section, Tile, Tiles, View
from bot.admin.tables import by_day, changed, percentile
from bot.store.figures import Figures
from bot.store.overview import Overview

PLACES = ("personal", "group", "channel")


async def build(view: View) -> Sequence[Block]:
    figures, period = Figures(view.database), view.period
    since, until = period.since, period.until
    asked, calls, delays, failovers, runs, people = await asyncio.gather(
        figures.asked(since, until),
        figures.calls(since, until),
        figures.delays(since, until),
        figures.failovers(since, until, AGAINST_VENDOR),
        Overview(view.database).runs(since, until),
        figures.people(since, until),
    )
    before = await figures.asked(since - (until - since), since)
    questions, cost = sum(one.questions for one in asked), sum(one.cost for one in calls)
    failed, all_calls = sum(one.calls for one in calls if one.outcome not in FINE), sum(one.calls for one in calls)
    first = [(one.first_ms, one.calls) for one in delays]
    broken = sum(one.runs for one in runs if one.state in {"failed", "unknown"})
    done = sum(one.runs for one in runs if one.state in {"delivered", "empty"})
    tiles = [
        Tile("Questions answered", questions, note=changed(questions, sum(one.questions for one in before))),
        Tile("People who asked", people),
        Tile("Cost", cost, "usd", _unpriced(sum(one.unpriced for one in calls))),
        Tile("First token, median", percentile(first, 0.5), "ms", f"95 %: {_ms(percentile(first, 0.95))}"),
        Tile(
            "Failed model calls", failed, note=f"of {all_calls:,}",
            tone="bad" if failed > all_calls / 20 else "warn" if failed else "good",
        ),
        Tile("Failovers", sum(one.times for one in failovers), note="answered by another model all the same"),
        Tile("Digests done", done),
        Tile("Digests failed", broken, tone="bad" if broken else "good"),
    ]  # fmt: skip
    return [
        Tiles(tiles),
        by_day("Questions answered", period, ((a.day, a.place, a.questions) for a in asked), order=PLACES),
        by_day("Cost", period, ((c.day, c.name, c.cost) for c in calls), unit="usd", order=tuple(view.services.models)),
        by_day(
            "Model calls that failed", period, ((c.day, c.outcome, c.calls) for c in calls if c.outcome not in FINE)
        ),
        by_day("Digests", period, ((r.day, r.state, r.runs) for r in runs), order=("delivered", "empty")),
    ]


def _unpriced(calls: int) -> str:
    return f"and {calls:,} calls at a price nobody told me" if calls else ""


def _ms(value: int | None) -> str:
    return "–" if value is None else f"{value:,} ms"


SECTION = Section("Overview", 0, build)
