"""`python -m bot console`: ask in this terminal."""

import argparse
import asyncio

from bot.console import converse
from bot.program import Program, settings
from bot.settings import vendor_environment


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as", dest="person", default="", metavar="PERSON", help="sign-in name to suggest at the sign-in page"
    )
    parser.add_argument(
        "--ask", action="append", default=[], metavar="QUESTION", help="ask this and end; may be repeated"
    )
    parser.add_argument("--stay", action="store_true", help="go on with a prompt after --ask")


def run(given: argparse.Namespace) -> int:
    stay = given.stay or not given.ask
    asyncio.run(converse(settings(), vendor_environment(), given.person, given.ask, stay=stay))
    return 0


PROGRAM = Program(help="ask in this terminal", run=run, describe=describe)
