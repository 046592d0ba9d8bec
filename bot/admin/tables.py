"""Turns lists of sums into tables: days down, models or places across, and no day left out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bot.admin.section import Column, Look, Period, Table, Unit, Value

MOST_SERIES = 7
OTHERS = "others"


def by_day(
    title: str,
    period: Period,
    entries: Iterable[tuple[int, str, float]],
    *,
    unit: Unit = "count",
    look: Look = "stack",
    note: str = "",
    gaps: bool = False,
    order: Sequence[str] = (),
) -> Table:
    """From (day, series, amount); amounts of one day and series are added up. `gaps`: nothing is not 0, as for a delay."""
    found: dict[tuple[int, str], float] = defaultdict(float)
    totals: dict[str, float] = defaultdict(float)
    for day, series, amount in entries:
        found[day, series] += amount
        totals[series] += amount
    names = [
        *(name for name in order if name in totals),
        *sorted(totals.keys() - set(order), key=lambda n: (-totals[n], n)),
    ]
    if len(names) > MOST_SERIES and not gaps:
        for (day, series), amount in list(found.items()):
            if series in names[MOST_SERIES - 1 :]:
                found[day, OTHERS] += amount
        names = [*names[: MOST_SERIES - 1], OTHERS]
    nothing = None if gaps else 0
    rows = [(day, *(whole(found.get((day, name), nothing)) for name in names)) for day in period.numbers]
    columns = [Column("Day", "day"), *(Column(name, unit) for name in names)]
    return Table(title, columns, rows if names else [], look, note)


def ranked(
    title: str, first: Column, amounts: Mapping[str, float], second: Column, *, note: str = "", chart: bool = True
) -> Table:
    """The most first."""
    rows = [(name, whole(amount)) for name, amount in sorted(amounts.items(), key=lambda one: (-one[1], one[0]))]
    return Table(title, [first, second], rows, "bars" if chart else None, note)


def percentile(counts: Iterable[tuple[int, int]], share: float) -> int | None:
    """Of (value, how often), the value that this share of all does not exceed; None for nothing."""
    ordered = sorted(counts)
    total = sum(times for _, times in ordered)
    seen = 0
    for value, times in ordered:
        seen += times
        if seen >= share * total:
            return value
    return None


def whole(amount: Value) -> Value:
    """Without a fraction that is none."""
    return int(amount) if isinstance(amount, float) and amount.is_integer() else amount


def changed(now: float, before: float) -> str:
    """In words, against the time before."""
    if not before:
        return ""
    percent = round(100 * (now - before) / before)
    return f"{percent:+d} % against the time before" if percent else "as in the time before"
