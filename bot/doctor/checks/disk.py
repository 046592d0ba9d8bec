"""Whether there is room for the database's file."""

import asyncio
import shutil
from pathlib import Path

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, unchecked, warning, wrong
from bot.store.address import address_of

MIB = 1024 * 1024
LITTLE, NONE = 1024 * MIB, 100 * MIB
"""Bytes: from when on it is said, and when nothing that is asked can be kept much longer."""
CURE = "Free space where DATABASE_URL's file is, or move it; AUDIT_DAYS says how long the audit is kept."


async def run(context: Context) -> Finding:
    try:
        url, _ = address_of(context.settings.database_url)
    except ValueError:
        return unchecked("DATABASE_URL is no address.", "See the check `store`.")
    if url.get_backend_name() != "sqlite":
        return ok("The database is a server's, which has its own disk.")
    return judged(await asyncio.to_thread(_free, Path(url.database or "")))


def _free(path: Path) -> int:
    """Bytes where the file is, or will be."""
    folder = next(parent for parent in path.absolute().parents if parent.is_dir())
    return shutil.disk_usage(folder).free


def judged(free: int) -> Finding:
    """`free`: bytes."""
    said = f"{free // MIB:,} MiB are free where the database is."
    if free < NONE:
        return wrong(said, CURE)
    return warning(said, CURE) if free < LITTLE else ok(said)


CHECK = Check("store", "Is there room for the database?", run)
