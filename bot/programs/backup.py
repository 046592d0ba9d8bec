"""`python -m bot backup FILE`: digests, memories and choices of everybody, encrypted with the ENCRYPTION_KEYS."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from bot.program import Program, settings
from bot.settings import Settings
from bot.store.backup import save
from bot.store.database import Database


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="where to; one that is there is replaced when the new one is whole")


def run(given: argparse.Namespace) -> int:
    count = asyncio.run(backup(settings(), given.file))
    sys.stdout.write(f"{count} rows are in {given.file}. Whoever has the ENCRYPTION_KEYS can read them.\n")
    return 0


async def backup(settings: Settings, file: Path) -> int:
    """How many rows. Raises ValueError with a sentence, `WrongKey` and `StoreError`."""
    part = file.with_name(f"{file.name}.part")
    database = await Database.open(settings.database_url, [key.get_secret_value() for key in settings.encryption_keys])
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            count = await save(database, out.write)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
        return count
    except OSError as error:
        raise ValueError(f"{file} cannot be written: {error.strerror or 'not possible'}.") from error
    finally:
        part.unlink(missing_ok=True)
        await database.aclose()


PROGRAM = Program(help="save everybody's digests, memories and choices to a file", run=run, describe=describe)
