"""`python -m bot audit`: the rows of the audit for whoever runs us, as JSON lines or CSV. No message is in them."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from bot.auditing import wanted, written
from bot.program import Program, settings
from bot.settings import Settings
from bot.store.audit import Audit
from bot.store.chain_ends import Head
from bot.store.database import Database

WORDS = {name: f"--{name}" for name in ("since", "until", "tenant", "document")}


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
    parser.add_argument(
        "--verify", action="store_true", help="say what was changed, deleted, inserted or cut off; 1 if so"
    )
    parser.add_argument("--heads", action="store_true", help="where the audit ends now, to be kept elsewhere")
    parser.add_argument("--against", default="", metavar="FILE", help="with --verify: what --heads printed before")


def run(given: argparse.Namespace) -> int:
    if given.verify or given.heads:
        return asyncio.run(check(settings(), given))
    asyncio.run(export(settings(), given))
    return 0


async def check(settings: Settings, given: argparse.Namespace, out: TextIO = sys.stdout) -> int:
    """The exit code. Raises ValueError with a sentence, `WrongKey` and `StoreError`."""
    known = heads_in(given.against) if given.against else []
    database = await Database.open(settings.database_url, [key.get_secret_value() for key in settings.encryption_keys])
    try:
        audit = Audit(database)
        if given.heads:
            out.writelines(json.dumps(asdict(head)) + "\n" for head in await audit.heads())
            return 0
        faults, rows = await audit.verify(known, settings.audit_days)
    finally:
        await database.aclose()
    for fault in faults:
        row = f"row {fault.row}" if fault.row else "no row"
        out.write(f"{row} (chain {fault.chain or '-'}, number {fault.number}): {fault.what}\n")
    out.write(f"{rows} rows, {len(faults) or 'no'} faults.\n")
    return 1 if faults else 0


def heads_in(file: str) -> list[Head]:
    """Raises ValueError with a sentence."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
        return [Head(**json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError):
        raise ValueError(f"{file} is not what --heads printed.") from None


async def export(settings: Settings, given: argparse.Namespace, out: TextIO = sys.stdout) -> None:
    """Raises ValueError with a sentence, `WrongKey` and `StoreError`."""
    rows = wanted({name: value for name, value in vars(given).items() if isinstance(value, str)}, WORDS)
    database = await Database.open(settings.database_url, [key.get_secret_value() for key in settings.encryption_keys])
    try:
        async for piece in written(Audit(database).all(rows), given.format):
            out.write(piece)
    finally:
        await database.aclose()


PROGRAM = Program(help="print which models were asked by whom, and what it cost", run=run, describe=describe)
