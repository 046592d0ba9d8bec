"""What a subcommand of `python -m bot` is. A new one is a file in `bot/programs` with the constant `PROGRAM`."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from bot.logs import configure
from bot.settings import Settings


def _no_arguments(_: argparse.ArgumentParser) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Program:
    help: str
    run: Callable[[argparse.Namespace], int]
    """Returns the exit code. What it raises of `bot.__main__.REFUSALS` is told as a sentence, with 2."""
    describe: Callable[[argparse.ArgumentParser], None] = _no_arguments
    takes_all: bool = False
    """Whatever follows is its own affair, `--help` included: it comes as `arguments`, a list."""


def settings() -> Settings:
    """From the environment, and the log set up as they say. Raises `ValidationError`."""
    found = Settings.from_environment()
    configure(found.log_level, found.log_format)
    return found
