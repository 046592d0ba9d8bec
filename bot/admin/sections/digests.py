"""What became of everybody's digests: how many there were, which failed and why, and which fired and did nothing."""

import asyncio
from collections.abc import Sequence

from bot.admin.section import Block, Column, Note, Section, Table, Tile, Tiles, Tone, View
from bot.admin.tables import by_day
from bot.store.overview import Overview
from bot.store.run import OVER, UNFINISHED, Run
from bot.store.runs import Runs
from bot.store.subscriptions import Subscriptions

MOST_LOOKED_AT, MOST_SHOWN = 1000, 100
TROUBLE = frozenset({"failed", "unknown", "waiting", "skipped"})
TONES: dict[str, Tone] = {"failed": "bad", "unknown": "bad", "waiting": "warn", "skipped": "warn"}
ORDER = ("delivered", "empty", "skipped", "waiting", "failed", "unknown")


async def build(view: View) -> Sequence[Block]:
    period, store = view.period, Runs(view.database)
    active, runs, by_state = await asyncio.gather(
        Subscriptions(view.database).active(),
        store.recent(period.since, (*OVER, *UNFINISHED, "waiting"), MOST_LOOKED_AT),
        Overview(view.database).runs(period.since, period.until),
    )
    idle = [run for run in runs if run.did_nothing and not run.preview]
    trouble = [run for run in runs if run.state in TROUBLE or run.uncertain]
    costs = sum(run.cost or 0 for run in runs)
    late = sum(run.late for run in runs)
    count = {state: sum(one.runs for one in by_state if one.state == state) for state in ORDER}
    failed = count["failed"] + count["unknown"]
    blocks: list[Block] = [
        Tiles(
            [
                Tile("Digests that run", active, note="subscriptions of all people"),
                Tile("Delivered", count["delivered"]),
                Tile("Nothing new", count["empty"], note="done, and silent as wished"),
                Tile("Failed", failed, tone="bad" if failed else "good"),
                Tile("Wait for a sign-in", count["waiting"], tone="warn" if count["waiting"] else ""),
                Tile("Read nothing at all", len(idle), note="fired, but did no work", tone="warn" if idle else ""),
                Tile("Late", late, note="by more than a quarter of an hour"),
                Tile("Cost", costs, "usd"),
            ]
        )
    ]
    if len(runs) == MOST_LOOKED_AT:
        blocks.append(Note(f"Only the newest {MOST_LOOKED_AT:,} runs are counted in some of these figures.", "warn"))
    return [
        *blocks,
        by_day("Digests by state", period, ((one.day, one.state, one.runs) for one in by_state), order=ORDER),
        _sources(runs),
        _table("Trouble, and why", trouble, "No digest failed, waits or was skipped."),
        _table("Done without any work", idle, "Every digest that was made read something."),
    ]


def _table(title: str, runs: Sequence[Run], empty: str) -> Table:
    columns = [
        Column("Due", "when"), Column("State"), Column("Why"), Column("Owner", "person"), Column("Model"),
        Column("Cost", "usd"), Column("Subscription", "code"),
    ]  # fmt: skip
    some = runs[:MOST_SHOWN]
    rows = [
        (run.due, run.state, run.why or _why(run), run.owner, run.record.model, run.cost, run.subscription_id)
        for run in some
    ]
    tones = {number: TONES[run.state] for number, run in enumerate(some) if run.state in TONES}
    return Table(title, columns, rows, empty=empty, wide=True, tones=tones)


def _why(run: Run) -> str:
    if run.uncertain:
        return "a message of it may stand empty"
    return "no source answered" if run.record.failed else ""


def _sources(runs: Sequence[Run]) -> Table:
    """Which sources digests are made from, and which do not answer."""
    names = sorted({name for run in runs for name in (*run.record.read, *run.record.failed)})
    rows = [
        (
            name,
            sum(name in run.record.read for run in runs),
            sum(run.record.read.get(name, 0) for run in runs),
            sum(name in run.record.failed for run in runs),
        )
        for name in names
    ]
    columns = [
        Column("Source"),
        Column("Answered", "count"),
        Column("Items read", "count"),
        Column("Did not answer", "count"),
    ]
    return Table("Sources of digests", columns, rows, tones={n: "warn" for n, row in enumerate(rows) if row[3]})


SECTION = Section("Digests", 2, build)
