"""From what somebody said to one command; from any failure to a sentence."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.context import Outgoing, StopRequested, Superseded
from bot.errors import sentence, without_content
from bot.phrases import Meant, Phrases
from bot.routing.telemetry import failed
from bot.services import Turn
from bot.texts import language_names, manners, words

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
    meant: Callable[[Turn, str], bool] | None = None
    """Whether a message that names no command is for this one all the same: plain words that ask for what it does."""
    alone: bool = False
    """It takes no argument: "New: which pumps came?" is a question then, and forgets nothing."""


class Router:
    """Commands by what people type; everything else is a question.

    The words besides a command's own name and `also` stand in the languages' files, section `[words]`. `models`: names people
    may call a model by. `unknown` answers a slash with a word that is no command.
    """

    def __init__(
        self,
        commands: Mapping[str, Command],
        otherwise: Command,
        *,
        unknown: Command | None = None,
        models: Iterable[str] = (),
    ) -> None:
        self._commands = commands
        self._otherwise = otherwise
        self._unknown = unknown
        self._meant = [command for command in commands.values() if command.meant]
        self._clicks = {verb: click for command in commands.values() for verb, click in command.clicks.items()}
        names = {
            said: name
            for name, command in commands.items()
            if command is not unknown
            for said in (name.replace("_", " "), *command.also)
        }
        slots = {"model": frozenset(models), "language": frozenset(language_names())}
        self._phrases = Phrases(names, words(), slots, manners())

    def route(self, text: str) -> tuple[Command, str]:
        """A command is the whole message, or its name, a colon and more; "help me write" is a question."""
        said = " ".join(text.split())
        found = self._phrases.find(said)
        if found is not None and self._takes(found):
            return self._commands[found.name], found.argument
        word, named = self._phrases.slashed(said)
        if named is not None and self._takes(named):
            return self._commands[named.name], named.argument
        if word and named is None and self._unknown is not None:
            return self._unknown, word
        return self._otherwise, text.strip()

    def _takes(self, meant: Meant) -> bool:
        return not (meant.argument and self._commands[meant.name].alone)

    async def run(self, turn: Turn) -> None:
        """Answers a turn. Every failure is told to the person; only `Superseded` and cancellation pass through."""
        said = turn.incoming
        # What was not said to us is never an order.
        command, argument = self.route(said.text) if said.mentioned else (self._otherwise, said.text.strip())
        plain = command is self._otherwise and said.mentioned and argument == said.text.strip()

        async def work() -> None:
            meant = (one for one in self._meant if plain and one.meant and one.meant(turn, argument))
            await next(meant, command).run(turn, argument)

        await self._guarded(turn, work)

    async def ask(self, turn: Turn) -> None:
        """Takes what was said for a question, whatever it looks like. Failures as in `run`."""
        await self._guarded(turn, lambda: self._otherwise.run(turn, turn.incoming.text))

    async def click(self, turn: Turn, verb: str, data: Mapping[str, Any]) -> None:
        """Does what a button of ours says; `verb` and `data` were opened by the seal. Failures as in `run`."""
        await self._guarded(turn, lambda: self._clicks[verb](turn, data))

    def knows(self, verb: str) -> bool:
        """Whether there is such a button: an old card may have one that is gone."""
        return verb in self._clicks

    async def _guarded(self, turn: Turn, work: Callable[[], Awaitable[None]]) -> None:
        try:
            async with turn.stopping.scope():
                await work()
        except Superseded:
            raise
        except StopRequested:
            log.info("a turn was stopped by its person")
            await turn.conversation.stream().finish(Outgoing(turn.say("stop.stopped")))
        except Exception as error:  # noqa: BLE001 -- the one broad except: whatever failed, the person reads a sentence
            reference = secrets.token_hex(4)
            failed(error)
            log.error("turn failed, reference %s: %s", reference, without_content(error))  # noqa: TRY400 -- a traceback shows values
            await turn.conversation.stream().finish(Outgoing(sentence(error, reference, turn.say)))
