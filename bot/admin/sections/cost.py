"""Tokens and money: by day, model, place, purpose and person."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from bot.admin.section import Block, Column, Section, Table, Tile, Tiles, View
from bot.admin.sections.overview import PLACES
from bot.admin.tables import by_day, ranked
from bot.store.figures import MOST_PEOPLE, Calls, Figures, Spender

USD, TOKENS = Column("Cost", "usd"), Column("Tokens", "count")


async def build(view: View) -> Sequence[Block]:
    period, figures = view.period, Figures(view.database)
    calls, spenders = await asyncio.gather(
        figures.calls(period.since, period.until), figures.spenders(period.since, period.until)
    )
    cost, unpriced = sum(one.cost for one in calls), sum(one.unpriced for one in calls)
    read, cached = sum(one.input for one in calls), sum(one.cache_read for one in calls)
    questions = sum(one.questions for one in spenders)
    tiles = [
        Tile("Cost", cost, "usd"),
        Tile("A question", cost / questions if questions else None, "usd", "on average"),
        Tile("Tokens read", read, note=f"{100 * cached / read:.0f} % of them from a cache" if read else ""),
        Tile("Tokens written", sum(one.output for one in calls)),
        Tile(
            "Calls of unknown price",
            unpriced,
            note="name their prices in PRICES" if unpriced else "",
            tone="warn" if unpriced else "good",
        ),
    ]
    return [
        Tiles(tiles),
        by_day(
            "Cost by model",
            period,
            ((one.day, one.name, one.cost) for one in calls),
            unit="usd",
            order=tuple(view.services.models),
        ),
        by_day("Cost by place", period, ((one.day, one.place, one.cost) for one in calls), unit="usd", order=PLACES),
        by_day("Tokens by day", period, _tokens(calls)),
        ranked("Cost by purpose", Column("Purpose"), _summed(calls, lambda one: one.purpose), USD),
        _models(calls),
        _people(spenders),
    ]


def _tokens(calls: Sequence[Calls]) -> list[tuple[int, str, float]]:
    fresh = [(one.day, "read anew", float(one.input - one.cache_read)) for one in calls]
    cached = [(one.day, "read from a cache", float(one.cache_read)) for one in calls]
    return [*fresh, *cached, *((one.day, "written", float(one.output)) for one in calls)]


def _summed(calls: Sequence[Calls], key: Callable[[Calls], str]) -> Counter[str]:
    found = Counter[str]()
    for one in calls:
        found[key(one)] += one.cost
    return found


def _models(calls: Sequence[Calls]) -> Table:
    rows = []
    for name, cost in _summed(calls, lambda one: one.name).most_common():
        mine = [one for one in calls if one.name == name]
        sums = [sum(getattr(one, figure) for one in mine) for figure in ("calls", "input", "cache_read", "output")]
        rows.append((name, *sums, cost))
    columns = [
        Column("Model"), Column("Calls", "count"), Column("Read", "count"), Column("of it cached", "count"),
        Column("Written", "count"), USD,
    ]  # fmt: skip
    return Table("By model", columns, rows, wide=True)


def _people(spenders: Sequence[Spender]) -> Table:
    columns = [
        Column("Person", "person"), Column("Questions", "count"), Column("Calls", "count"), TOKENS, USD,
    ]  # fmt: skip
    rows = [(one.person_id, one.questions, one.calls, one.tokens, one.cost) for one in spenders]
    note = f"The {MOST_PEOPLE} who cost most." if len(rows) == MOST_PEOPLE else ""
    return Table("By person", columns, rows, note=note, wide=True)


SECTION = Section(
    "Cost",
    6,
    build,
    "US dollars, by the prices in force when each call was made. What has no known price is not in it.",
)
