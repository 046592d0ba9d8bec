"""From what somebody said to one command; from any failure to a sentence."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.context import Outgoing, StopRequested, Superseded
from bot.errors import sentence
from bot.services import Turn

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Command:
    """What a command file exports as `COMMAND`. Its name is the file's name, `_` read as a space."""

    help: str
    """One line for the list of commands; empty for those that need no mention."""
    run: Callable[[Turn, str], Awaitable[None]]
    """(turn, what was said after the command's name)"""
    also: tuple[str, ...] = ()
    """Other words for it."""


class Router:
    """Commands by what people type; everything else is a question."""

    def __init__(self, commands: Mapping[str, Command], otherwise: Command) -> None:
        self._otherwise = otherwise
        self._by_words = {
            words.casefold(): command
            for name, command in commands.items()
            for words in (name.replace("_", " "), *command.also)
        }

    def route(self, text: str) -> tuple[Command, str]:
        """A command is the whole message, or the message's first words followed by a colon; "help me write" is a question."""
        said = " ".join(text.split())
        head, colon, rest = said.partition(":")
        if colon and head.casefold() in self._by_words:
            return self._by_words[head.casefold()], rest.strip()
        exact = self._by_words.get(said.casefold().rstrip(".!?/").lstrip("/"))
        return (exact, "") if exact else (self._otherwise, text.strip())

    async def run(self, turn: Turn) -> None:
        """Answers a turn. Every failure is told to the person; only `Superseded` and cancellation pass through."""
        command, argument = self.route(turn.incoming.text)
        try:
            await command.run(turn, argument)
        except Superseded:
            raise
        except StopRequested:
            log.info("a turn was stopped by its person")
        except Exception as error:
            reference = secrets.token_hex(4)
            # The traceback holds no content: exceptions of ours never do, and locals are not logged.
            log.exception("turn failed, reference %s (%s)", reference, type(error).__name__)
            await turn.conversation.stream().finish(Outgoing(sentence(error, reference)))
