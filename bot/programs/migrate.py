"""`python -m bot migrate`: brings the schema of the store to the newest revision, or to one that is named, and says what it did."""

import argparse
import asyncio
import sys

from bot.program import Program, settings
from bot.settings import Settings
from bot.store.database import Database
from bot.store.migrate import HEAD, NEWEST, revisions


def run(given: argparse.Namespace) -> int:
    sys.stdout.write(f"{asyncio.run(migrate(settings(), given.to))}\n")
    return 0


async def migrate(settings: Settings, revision: str) -> str:
    """The sentence for whoever asked. Raises what `Database.open` raises."""
    keys = [key.get_secret_value() for key in settings.encryption_keys]
    database = await Database.open(settings.database_url, keys, revision)
    try:
        at = await database.ping()
    finally:
        await database.aclose()
    if at == HEAD:
        return f"The schema is at {at}, the one this version is made for."
    if at > HEAD:
        return f"The schema is at {at}, newer than the {HEAD} this version is made for: it runs on it, and leaves it as it is."
    return f"The schema is at {at}, older than the {HEAD} this version is made for: start the version you go back to, not this one."


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to",
        default=NEWEST,
        choices=revisions(),
        help="back to an older one too: what newer tables held is then gone",
    )


PROGRAM = Program(help="bring the store's schema forward or back", run=run, describe=describe)
