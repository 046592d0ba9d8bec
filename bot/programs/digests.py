"""`python -m bot digests`: for whoever runs us, what became of everybody's digests. No word of what they said is in it."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TextIO

from bot.cost.budgets import MICROS
from bot.program import Program, settings
from bot.settings import Settings
from bot.store.database import Database
from bot.store.run import OVER, UNFINISHED, Run
from bot.store.runs import Runs
from bot.store.subscriptions import Subscriptions

MOST = 1000
_DAY = 86400.0
TROUBLE = ("failed", "unknown", "waiting", "skipped")


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=float, default=7.0, metavar="N", help="due in the last N days (7)")
    parser.add_argument("--all", action="store_true", help="every run, and not only those with trouble or nothing done")
    parser.add_argument("--format", choices=("text", "jsonl"), default="text")


def run(given: argparse.Namespace) -> int:
    asyncio.run(overview(settings(), given))
    return 0


async def overview(settings: Settings, given: argparse.Namespace, out: TextIO = sys.stdout) -> None:
    """Raises `WrongKey` and `StoreError`."""
    since = time.time() - given.days * _DAY
    database = await Database.open(settings.database_url, [key.get_secret_value() for key in settings.encryption_keys])
    try:
        active, counts = await Subscriptions(database).active(), await Runs(database).counts(since)
        runs = await Runs(database).recent(since, (*OVER, *UNFINISHED, "waiting"), MOST)
    finally:
        await database.aclose()
    wanted = [run for run in runs if given.all or run.state in TROUBLE or run.did_nothing or run.uncertain]
    if given.format == "jsonl":
        out.writelines(json.dumps(shown(run), ensure_ascii=False) + "\n" for run in wanted)
        return
    out.write(f"{active} digests run. Due in the last {given.days:g} days:\n")
    out.writelines(f"  {count:>7}  {state}\n" for state, count in sorted(counts.items()))
    idle = sum(run.did_nothing for run in runs)
    out.write(f"  {idle:>7}  of them read nothing at all\n" if idle else "")
    out.writelines(line(run) + "\n" for run in wanted)


def shown(run: Run) -> Mapping[str, Any]:
    """Times in UTC, the amount in US dollars, exact; what is not known is None."""
    record, usage = run.record, run.record.usage
    return {
        "due": _when(run.due), "state": run.state, "why": run.why, "late": run.late, "preview": run.preview,
        "started": _when(run.started), "finished": _when(run.finished), "read": dict(record.read),
        "failed": list(record.failed), "items": record.items, "model": record.model, "batch": record.batch, "input": usage.input,
        "cache_read": usage.cache_read, "cache_write": usage.cache_write, "output": usage.output,
        "cost_usd": None if run.cost is None else f"{Decimal(run.cost) / MICROS:f}", "did_nothing": run.did_nothing,
        "uncertain": run.uncertain, "message_id": run.message_id, "owner": run.owner, "tenant": run.tenant,
        "conversation_id": run.conversation_id, "subscription": run.subscription_id,
    }  # fmt: skip


def line(run: Run) -> str:
    why = f" ({run.why})" if run.why else ""
    idle = ", read nothing" if run.did_nothing else ""
    unsure = f", {run.uncertain} uncertain" if run.uncertain else ""
    return f"{_when(run.due)}  {run.state}{why}{idle}{unsure}  owner {run.owner}  subscription {run.subscription_id}"


def _when(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


PROGRAM = Program(help="print what became of everybody's digests", run=run, describe=describe)
