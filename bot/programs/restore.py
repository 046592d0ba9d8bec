"""`python -m bot restore FILE`: what `python -m bot backup` saved, into an empty database or one in use."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from bot.program import Program, settings
from bot.settings import Settings
from bot.store.backup import Restored
from bot.store.backup import restore as put_back
from bot.store.database import Database


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="made by `backup`, under keys that are among the ENCRYPTION_KEYS")


def run(given: argparse.Namespace) -> int:
    try:
        lines = given.file.read_bytes().splitlines()
    except OSError as error:
        raise ValueError(f"{given.file} cannot be read: {error.strerror or 'not possible'}.") from error
    tell(asyncio.run(restore(settings(), lines)), sys.stdout)
    return 0


async def restore(settings: Settings, lines: Sequence[bytes]) -> Restored:
    """Raises ValueError with a sentence, `WrongKey` and `StoreError`."""
    database = await Database.open(settings.database_url, [key.get_secret_value() for key in settings.encryption_keys])
    try:
        return await put_back(database, lines)
    finally:
        await database.aclose()


def tell(done: Restored, out: TextIO) -> None:
    for table in sorted({*done.new, *done.there}):
        new, there = done.new.get(table, 0), done.there.get(table, 0)
        out.write(f"{new:>9}  {table}, and {there} that were there already\n")
    if done.erased:
        out.write(f"{done.erased:>9}  rows of people who were erased since: left out\n")


PROGRAM = Program(help="put back what `backup` saved; what is there already stays", run=run, describe=describe)
