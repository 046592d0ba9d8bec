"""How the vendors behind the models are doing, and how often another one had to step in."""

import asyncio
from collections.abc import Sequence

from bot.admin.outcomes import AGAINST_VENDOR, FINE
from bot.admin.section import Block, Column, Section, Table, Tile, Tiles, Tone, View
from bot.admin.tables import by_day
from bot.routing.breaker import State
from bot.services import Services
from bot.store.figures import Calls, Failover, Figures
from bot.watched import Watched
from providers.base import Provider
from providers.listing import Standing

STATES: dict[State, tuple[str, Tone]] = {
    State.CLOSED: ("working", "good"),
    State.RESTING: ("resting: the vendor asked for a pause", "warn"),
    State.OPEN: ("left alone: it failed too often", "bad"),
    State.PROBING: ("being tried again", "warn"),
}
STANDINGS = {
    Standing.UNKNOWN: "not asked",
    Standing.LISTED: "has it",
    Standing.UNLISTED: "does not list it",
    Standing.DEPRECATED: "will end it",
    Standing.RETIRED: "has ended it",
}


async def build(view: View) -> Sequence[Block]:
    period, figures = view.period, Figures(view.database)
    calls, failovers = await asyncio.gather(
        figures.calls(period.since, period.until), figures.failovers(period.since, period.until, AGAINST_VENDOR)
    )
    models = tuple(view.services.models)
    times = sum(one.times for one in failovers)
    troubles = sum(one.calls for one in calls if one.outcome in AGAINST_VENDOR)
    closed = [view.services.circuits.of(model).state is State.CLOSED for model in view.services.models.values()]
    away = closed.count(False)
    return [
        Tiles(
            [
                Tile("Models that work", closed.count(True), note=f"of {len(closed)}", tone="bad" if away else "good"),
                Tile("Failovers", times, note="another model went on with the question"),
                Tile("Calls vendors failed", troubles),
            ]
        ),
        _now(view.services, calls),
        by_day("Failovers", period, ((one.day, f"{one.first} → {one.other}", one.times) for one in failovers)),
        by_day(
            "Share of calls the vendor failed", period, _shares(calls), unit="percent", look="lines", gaps=True, order=models,
            note="Percent of each model's calls.",
        ),
        _failovers(failovers),
    ]  # fmt: skip


def _now(services: Services, calls: Sequence[Calls]) -> Table:
    rows, tones = [], dict[int, Tone]()
    for number, (name, model) in enumerate(services.models.items()):
        circuit = services.circuits.of(model)
        words, tones[number] = STATES[circuit.state]
        mine = [one for one in calls if one.name == name]
        worked = max((one.last for one in mine if one.outcome in FINE), default=None)
        failed = max((one.last for one in mine if one.outcome in AGAINST_VENDOR), default=None)
        back = 1000 * circuit.left if circuit.left else None
        rows.append((name, model.door, model.model, words, back, worked, failed, _standing(model)))
    columns = [
        Column("Model"), Column("Door"), Column("Vendor's name", "code"), Column("Now"), Column("Tried again in", "ms"),
        Column("Last worked", "when"), Column("Last failed", "when"), Column("Vendor's list"),
    ]  # fmt: skip
    note = "“Now” is how this process sees it: each replica finds out for itself. The times are those of all processes."
    return Table("Health", columns, rows, note=note, wide=True, tones=tones)


def _standing(model: Provider) -> str:
    return STANDINGS[model.standing] if isinstance(model, Watched) else ""


def _shares(calls: Sequence[Calls]) -> list[tuple[int, str, float]]:
    keys = {(one.day, one.name) for one in calls}
    found: list[tuple[int, str, float]] = []
    for day, name in sorted(keys):
        mine = [one for one in calls if (one.day, one.name) == (day, name)]
        failed = sum(one.calls for one in mine if one.outcome in AGAINST_VENDOR)
        found.append((day, name, 100 * failed / sum(one.calls for one in mine)))
    return found


def _failovers(failovers: Sequence[Failover]) -> Table:
    columns = [
        Column("Day", "day"), Column("Failed"), Column("Went on"), Column("Because", "code"), Column("Times", "count"),
    ]  # fmt: skip
    newest = sorted(failovers, key=lambda one: (-one.day, one.first, one.other, one.why))
    rows = [(one.day, one.first, one.other, one.why, one.times) for one in newest]
    return Table("Failovers and why", columns, rows, empty="No other model had to step in.", wide=True)


SECTION = Section("Vendors", 4, build)
