"""`python -m bot audit`: the rows of the audit for whoever runs us, as JSON lines or CSV. No message is in them."""

import argparse
import asyncio
import csv
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TextIO

from bot.cost.budgets import MICROS
from bot.program import Program, settings
from bot.routing.metered import evidence_id
from bot.settings import Settings
from bot.store.audit import Audit, Row, Wanted
from bot.store.database import Database

COLUMNS = (
    "at", "person_id", "tenant", "conversation_id", "place", "question_id", "purpose", "name", "asked", "answered", "door",
    "input", "cache_read", "cache_write", "output", "reasoning", "estimated", "cost_usd", "first_ms", "total_ms", "outcome",
    "evidence", "id",
)  # fmt: skip


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", default="", metavar="DAY", help="from this day on (2026-11-01, or with a time; UTC)")
    parser.add_argument("--until", default="", metavar="DAY", help="before this day")
    parser.add_argument("--person", default="", metavar="ID", help="asked by this person (Entra object id)")
    parser.add_argument("--tenant", default="", metavar="ID", help="in this tenant")
    parser.add_argument("--conversation", default="", metavar="ID", help="in this conversation, its thread included")
    parser.add_argument("--model", default="", metavar="NAME", help="of this model, by its name in MODELS")
    parser.add_argument(
        "--outcome", default="", metavar="WORD", help="that ended so: answered, stopped, rate_limited, …"
    )
    parser.add_argument("--document", default="", metavar="LINK", help="that were given this document (needs --tenant)")
    parser.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")


def run(given: argparse.Namespace) -> int:
    asyncio.run(export(settings(), given))
    return 0


async def export(settings: Settings, given: argparse.Namespace, out: TextIO = sys.stdout) -> None:
    """Raises ValueError with a sentence, `WrongKey` and `StoreError`."""
    wanted = _wanted(given)
    database = await Database.open(settings.database_url, [key.get_secret_value() for key in settings.encryption_keys])
    try:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n") if given.format == "csv" else None
        if writer is not None:
            writer.writeheader()
        async for row in Audit(database).all(wanted):
            if writer is not None:
                writer.writerow(_cells(shown(row)))
            else:
                out.write(json.dumps(shown(row), ensure_ascii=False) + "\n")
    finally:
        await database.aclose()


def shown(row: Row) -> Mapping[str, Any]:
    """In the order of `COLUMNS`. Amounts in US dollars, exact; no price known is None."""
    values = asdict(row)
    values |= values.pop("usage")
    cost = values.pop("cost")
    values["cost_usd"] = None if cost is None else f"{Decimal(cost) / MICROS:f}"
    values["at"] = datetime.fromtimestamp(row.at, UTC).isoformat(timespec="milliseconds")
    return {name: values[name] for name in COLUMNS}


def _cells(values: Mapping[str, Any]) -> dict[str, Any]:
    cells = {**values, "evidence": " ".join(values["evidence"])}
    # What begins like a formula would be one in a spreadsheet.
    return {
        name: f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@" and cell else cell
        for name, cell in cells.items()
    }


def _wanted(given: argparse.Namespace) -> Wanted:
    if given.document and not given.tenant:
        raise ValueError("--document needs --tenant: documents are named anew in each tenant.")
    return Wanted(
        since=_seconds("--since", given.since),
        until=_seconds("--until", given.until),
        person_id=given.person,
        tenant=given.tenant,
        conversation_id=given.conversation,
        name=given.model.casefold(),
        outcome=given.outcome,
        evidence=evidence_id(given.tenant, given.document) if given.document else "",
    )


def _seconds(name: str, text: str) -> float:
    if not text:
        return 0.0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} is a day such as 2026-11-01, or a moment such as 2026-11-01T08:30.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


PROGRAM = Program(help="print which models were asked by whom, and what it cost", run=run, describe=describe)
