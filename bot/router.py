"""From what somebody said to one command; from any failure to a sentence."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.context import Outgoing, StopRequested, Superseded
from bot.errors import sentence, without_content
from bot.services import Turn

log = logging.getLogger(__name__)


Click = Callable[[Turn, Mapping[str, Any]], Awaitable[None]]
"""(turn, the button's signed data with the card's `inputs`). `turn.incoming.reply_to` is the message the card stands in."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a command file exports as `COMMAND`. Its name is the file's name, `_` read as a space."""

    help: str
    """One line for the list of commands; empty for those that need no mention."""
    run: Callable[[Turn, str], Awaitable[None]]
    """(turn, what was said after the command's name)"""
    also: tuple[str, ...] = ()
    """Other words for it."""
    clicks: Mapping[str, Click] = field(default_factory=dict[str, "Click"])
    """What its cards' buttons do, by verb (`answer.other`); verbs are unique over all commands."""


class Router:
    """Commands by what people type; everything else is a question."""

    def __init__(self, commands: Mapping[str, Command], otherwise: Command) -> None:
        self._otherwise = otherwise
        self._clicks = {verb: click for command in commands.values() for verb, click in command.clicks.items()}
        self._by_words = {
            words.casefold(): command
            for name, command in commands.items()
            for words in (name.replace("_", " "), *command.also)
        }

    def route(self, text: str) -> tuple[Command, str]:
        """A command is the whole message, or the message's first words followed by a colon; "help me write" is a question."""
        said = " ".join(text.split())
        head, colon, rest = said.partition(":")
        named = self._by_words.get(head.strip().casefold().lstrip("/"))
        if colon and named:
            return named, rest.strip()
        words = said.casefold().lstrip("/")
        exact = self._by_words.get(words) or self._by_words.get(words.rstrip(" .!?"))
        return (exact, "") if exact else (self._otherwise, text.strip())

    async def run(self, turn: Turn) -> None:
        """Answers a turn. Every failure is told to the person; only `Superseded` and cancellation pass through."""
        command, argument = self.route(turn.incoming.text)
        await self._guarded(turn, command.run(turn, argument))

    async def click(self, turn: Turn, verb: str, data: Mapping[str, Any]) -> None:
        """Does what a button of ours says; `verb` and `data` were opened by the seal. Failures as in `run`."""
        await self._guarded(turn, self._clicks[verb](turn, data))

    def knows(self, verb: str) -> bool:
        """Whether there is such a button: an old card may have one that is gone."""
        return verb in self._clicks

    async def _guarded(self, turn: Turn, work: Awaitable[None]) -> None:
        try:
            await work
        except Superseded:
            raise
        except StopRequested:
            log.info("a turn was stopped by its person")
        except Exception as error:  # noqa: BLE001 -- the one broad except: whatever failed, the person reads a sentence
            reference = secrets.token_hex(4)
            log.error("turn failed, reference %s: %s", reference, without_content(error))  # noqa: TRY400 -- a traceback shows values
            await turn.conversation.stream().finish(Outgoing(sentence(error, reference)))
