"""`python -m bot`: each subcommand is a file in `bot/programs`; `serve` is the default. Settings come from the environment alone."""

import argparse
import gc
import os
import pkgutil
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module

if __name__ == "__main__":
    # Nearly all that is loaded stays; looking through it again and again was a fifth of the start.
    gc.disable()

from pydantic import ValidationError

import bot.programs
from bot.program import Program
from bot.settings import faults
from bot.signin.credentials import WrongCredentials
from bot.store.database import StoreUnavailable
from bot.store.encryption import WrongKey
from graph.errors import GraphError
from providers.errors import ConfigurationError

DEFAULT = "serve"
REFUSALS = (ConfigurationError, WrongCredentials, WrongKey, StoreUnavailable, GraphError, ValueError)
"""Whose message is a sentence for whoever started us."""


def main(arguments: Sequence[str]) -> int:
    name = arguments[0] if arguments else DEFAULT
    try:
        if name not in names():
            # A misspelt subcommand, or options of the program itself: the parser says what there is.
            _parser(names()).parse_args(arguments)
            return main([DEFAULT, *arguments])
        return run(name, arguments[1:])
    except ValidationError as error:
        return _refuse(faults(error))
    except REFUSALS as error:
        return _refuse([str(error)])
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has left (`| head`); Python must not complain about that once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(bot.programs.__path__))


def run(name: str, arguments: Sequence[str]) -> int:
    program = load(name)
    gc.enable()
    if program.takes_all:
        return program.run(argparse.Namespace(arguments=list(arguments)))
    return program.run(_parser([name]).parse_args([name, *arguments]))


def load(name: str) -> Program:
    """Raises TypeError where a file of `bot/programs` has no `PROGRAM`."""
    found = import_module(f"bot.programs.{name}").PROGRAM
    if not isinstance(found, Program):
        raise TypeError(f"bot.programs.{name}.PROGRAM must be a Program.")
    return found


def _parser(wanted: Iterable[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Parley: your company's documents and mail, answered in Teams."
    )
    commands = parser.add_subparsers(dest="command")
    for name in wanted:
        program = load(name)
        program.describe(commands.add_parser(name, help=program.help, add_help=not program.takes_all))
    return parser


def _refuse(sentences: Iterable[str]) -> int:
    for sentence in sentences:
        sys.stderr.write(f"Parley does not start: {sentence}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
