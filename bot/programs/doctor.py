"""`python -m bot doctor`: what is wrong with this installation, and what mends it. Changes nothing."""

import argparse
import asyncio
import logging
import shutil
import sys
from pathlib import Path
from typing import TextIO

from bot.doctor.context import Installation
from bot.doctor.examine import checks, examine
from bot.doctor.finding import State
from bot.doctor.reading import from_environment
from bot.doctor.report import as_json, as_text
from bot.program import Program
from bot.settings import telemetry_environment, vendor_environment


def describe(parser: argparse.ArgumentParser) -> None:
    names = sorted(checks())
    parser.add_argument("--json", action="store_true", help="findings as one JSON object")
    parser.add_argument(
        "--manifest", type=Path, metavar="FILE", help="the app's package (zip) or manifest.json; else dist/parley.zip"
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--only", action="append", choices=names, default=[], metavar="CHECK", help="only this check")
    chosen.add_argument(
        "--skip", action="append", choices=names, default=[], metavar="CHECK", help="not this check, e.g. models"
    )


def run(given: argparse.Namespace) -> int:
    """0: nothing is wrong; 1: something is."""
    settings, faults = from_environment()
    # Findings are told once, in words: what our own parts would log about them is left out.
    logging.disable(logging.CRITICAL)
    manifest: Path | None = given.manifest
    installation = Installation(settings, faults, vendor_environment(), telemetry_environment(), manifest)
    return asyncio.run(report(installation, given, sys.stdout))


async def report(installation: Installation, given: argparse.Namespace, out: TextIO) -> int:
    examined = await examine(installation, only=given.only, skip=given.skip)
    out.write(
        f"{as_json(examined)}\n" if given.json else as_text(examined, shutil.get_terminal_size((100, 24)).columns)
    )
    return int(any(one.state is State.WRONG for one in examined))


PROGRAM = Program(help="say what is wrong with this installation, and what mends it", run=run, describe=describe)
