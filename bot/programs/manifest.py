"""`python -m bot manifest`: writes the app package for Teams and Microsoft 365 Copilot, made from the settings."""

import argparse
import sys
from pathlib import Path

from bot.program import Program, settings
from bot.settings import Settings
from manifest.app import PARTS, Publisher
from manifest.package import write


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, default=Path("dist/parley.zip"), metavar="FILE", help="the package")
    parser.add_argument("--without", action="append", choices=PARTS, default=[], help="leave this out; may be repeated")
    parser.add_argument(
        "--version", default="", metavar="X.Y.Z", help="by default the next one where anything in FILE changes"
    )
    parser.add_argument("--developer", default="Parley", metavar="NAME", help="who publishes the app")
    parser.add_argument("--website", default="", metavar="URL", help="its page for help; by default PUBLIC_URL")
    parser.add_argument("--privacy", default="", metavar="URL", help="its page about privacy; by default the website")
    parser.add_argument("--terms", default="", metavar="URL", help="its terms of use; by default the website")


def run(given: argparse.Namespace) -> int:
    known = settings()
    made = write(given.output, known, publisher(known, given), version=given.version, without=frozenset(given.without))
    sys.stdout.write(
        f"{given.output}: version {made['version']}, app {made['id']}.\n"
        "Upload it in the Teams admin center (Teams apps > Manage apps > Upload new app); a changed app with Update, on its own page.\n"
    )
    return 0


def publisher(known: Settings, given: argparse.Namespace) -> Publisher:
    website = given.website or known.public_url
    return Publisher(given.developer, website, given.privacy or website, given.terms or website)


PROGRAM = Program(help="write the app package for Teams", run=run, describe=describe)
