"""`python -m bot person show|export|erase ID`: what is kept about somebody, for whoever runs us; the same as people do with `my data`.

Erasing reaches every running process within seconds, and what was deleted is overwritten before this returns.
"""

import argparse
import asyncio
import json
import sys
from typing import TextIO

from bot.program import Program, settings
from bot.settings import Settings
from bot.store.database import Database
from bot.store.personal import Personal


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("show", "export", "erase"), help="count it, print it as JSON, or erase it")
    parser.add_argument("person", metavar="ID", help="Entra object id")
    parser.add_argument("--yes", action="store_true", help="erase without asking; nothing brings it back")


def run(given: argparse.Namespace) -> int:
    return asyncio.run(handle(settings(), given))


async def handle(settings: Settings, given: argparse.Namespace, out: TextIO = sys.stdout) -> int:
    """The exit code. Raises ValueError with a sentence, `WrongKey` and `StoreError`."""
    person_id = given.person.strip().casefold()
    if given.action == "erase" and not given.yes:
        raise ValueError("erasing cannot be taken back. Look with `person show`, then say --yes.")
    database = await Database.open(settings.database_url, [key.get_secret_value() for key in settings.encryption_keys])
    try:
        personal = Personal(database)
        if given.action == "export":
            kept = await personal.export(person_id)
            json.dump({"person": person_id, **kept}, out, ensure_ascii=False, indent=1)
            out.write("\n")
            return 0
        counts = await personal.counts(person_id)
        out.writelines(f"{count:>9}  {kind}\n" for kind, count in counts.items())
        if given.action == "show":
            return 0
        overwritten = await personal.erase(person_id, gone=True)
        out.write("Erased.\n" if overwritten else f"Erased. {LATER}\n")
        return 0
    finally:
        await database.aclose()


LATER = "What stood there is overwritten later: the database was too busy. Say the same again to have it done now."

PROGRAM = Program(
    help="show, export or erase what is kept about somebody (Entra object id)", run=run, describe=describe
)
