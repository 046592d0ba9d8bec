"""`python -m bot retention`: how long each kind of thing is kept, when it was looked after last, and how much was deleted then."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from typing import TextIO

from bot.program import Program, settings
from bot.retention import periods
from bot.settings import Settings
from bot.store.database import Database
from bot.store.retention import Retention

OWNER = "retention"


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--now", action="store_true", help="delete now what is due, whatever the replicas do")


def run(given: argparse.Namespace) -> int:
    asyncio.run(show(settings(), given))
    return 0


async def show(settings: Settings, given: argparse.Namespace, out: TextIO = sys.stdout) -> None:
    """Raises `WrongKey` and `StoreError`."""
    days = {**periods(settings.retention_days), "audit": settings.audit_days, "leavers": settings.leaver_days}
    database = await Database.open(settings.database_url, [key.get_secret_value() for key in settings.encryption_keys])
    try:
        kept = periods(settings.retention_days)
        retention = Retention(
            database, kept, audit_days=settings.audit_days, leaver_days=settings.leaver_days, owner=OWNER
        )
        if given.now:
            await retention.run()
        swept = {one.kind: one for one in await retention.swept()}
    finally:
        await database.aclose()
    for kind, number in days.items():
        kept_for = f"{number} days" if number else "without end"
        one = swept.get(kind)
        last = "never" if one is None else datetime.fromtimestamp(one.last, UTC).isoformat(timespec="seconds")
        counts = "" if one is None else f", {one.deleted} deleted then, {one.total} in all"
        out.write(f"{kind:<12} {kept_for:<12} last looked after: {last}{counts}\n")


PROGRAM = Program(help="show how long things are kept, and what was deleted", run=run, describe=describe)
