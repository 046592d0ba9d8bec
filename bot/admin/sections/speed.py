"""How long people wait for the first token, by model and day: the middle one, and the one that only five of a hundred exceed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from bot.admin.section import Block, Column, Section, Table, Tile, Tiles, View
from bot.admin.tables import by_day, percentile
from bot.store.figures import Delay, Figures

Counts = Mapping[tuple[int, str], Sequence[tuple[int, int]]]


async def build(view: View) -> Sequence[Block]:
    period = view.period
    delays = await Figures(view.database).delays(period.since, period.until)
    daily: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
    for one in delays:
        daily[one.day, one.name].append((one.first_ms, one.calls))
    everything = [(one.first_ms, one.calls) for one in delays]
    return [
        Tiles(
            [
                Tile("Median", percentile(everything, 0.5), "ms", "half of all first tokens came sooner"),
                Tile("95 %", percentile(everything, 0.95), "ms", "five of a hundred came later"),
                Tile("Calls measured", sum(one.calls for one in delays)),
            ]
        ),
        _daily("First token, median", view, daily, 0.5),
        _daily("First token, 95 %", view, daily, 0.95),
        _models(delays),
    ]


def _daily(title: str, view: View, daily: Counts, share: float) -> Table:
    found = ((day, name, percentile(counts, share) or 0) for (day, name), counts in daily.items())
    return by_day(title, view.period, found, unit="ms", look="lines", gaps=True, order=tuple(view.services.models))


def _models(delays: Sequence[Delay]) -> Table:
    columns = [
        Column("Model"),
        Column("Calls", "count"),
        *(Column(name, "ms") for name in ("Median", "90 %", "95 %", "99 %")),
    ]
    rows = []
    for name in sorted({one.name for one in delays}):
        counts = [(one.first_ms, one.calls) for one in delays if one.name == name]
        shares = [percentile(counts, share) for share in (0.5, 0.9, 0.95, 0.99)]
        rows.append((name, sum(times for _, times in counts), *shares))
    return Table("By model", columns, rows, wide=True)


SECTION = Section(
    "Speed", 5, build,
    "From the call to the vendor's first token, of answers that somebody waited for. Times are cut down to 10 ms below a second, "
    "50 ms below ten seconds, and half seconds above.",
)  # fmt: skip
