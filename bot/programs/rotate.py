"""`python -m bot rotate`: encrypts everything anew under the first of the ENCRYPTION_KEYS, so that an old one can be thrown away."""

import argparse
import asyncio
import sys
from typing import TextIO

from bot.program import Program, settings
from bot.settings import Settings
from bot.store.database import Database
from bot.store.rotation import rotate


def run(_: argparse.Namespace) -> int:
    return asyncio.run(renew(settings()))


async def renew(settings: Settings, out: TextIO = sys.stdout) -> int:
    """The exit code. Safe beside a running bot, and to be run again. Raises `WrongKey` and `StoreError`."""
    database = await Database.open(settings.database_url, [key.get_secret_value() for key in settings.encryption_keys])
    try:
        changed = await rotate(database)
    finally:
        await database.aclose()
    out.write(f"{changed} values are encrypted anew; all of them open with the first key now.\n")
    return 0


PROGRAM = Program(help="encrypt everything anew under the first of the ENCRYPTION_KEYS", run=run)
