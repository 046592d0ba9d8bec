"""What can you do? Written from what is there, so that a new command needs no second file."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from bot import commands
from bot.answer.models import shown
from bot.choice import chosen_model, verdicts
from bot.context import Outgoing
from bot.discover import discover
from bot.policy.rules import first_permitted
from bot.router import Command
from bot.services import Turn
from bot.texts import languages, words_of

FIRST = ("help", "model", "new", "stop", "sign_in", "sign_out", "my_data", "status", "language")
"""The order people need them in; the others follow by name."""
MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """How a command is shown, in one language."""

    say: str
    does: str
    example: str = ""


@functools.cache
def listed() -> Mapping[str, Command]:
    """Commands with a word of help, in order."""
    found = {name: command for name, command in discover(commands, "COMMAND", Command).items() if command.help}
    return {name: found[name] for name in (*FIRST, *sorted(found.keys() - set(FIRST))) if name in found}


async def run(turn: Turn, argument: str) -> None:
    model = await _another_model(turn)
    lines = {name: line(turn, name, command, model) for name, command in listed().items()}
    topic = _topic(argument, turn.say.language, lines) if argument else ""
    if topic:
        text = _about(turn, topic, lines[topic], model)
    elif argument:
        text = turn.say("help.no_such", what=_harmless(argument))
    else:
        text = _all(turn, lines)
    await turn.conversation.stream().finish(Outgoing(text))


def line(turn: Turn, name: str, command: Command, model: str) -> Line:
    """In the person's language where it says anything of this command, else in the command's own words."""
    key = f"command.{name}"
    if not turn.say.has(f"{key}.does"):
        return Line(name.replace("_", " "), command.help)
    example = turn.say(f"{key}.example", model=model) if turn.say.has(f"{key}.example") else ""
    return Line(turn.say(f"{key}.say"), turn.say(f"{key}.does"), example)


def _all(turn: Turn, lines: Mapping[str, Line]) -> str:
    say = turn.say
    shown_lines = "\n".join(
        f"- {say('help.line' if one.example not in ('', one.say) else 'help.line_short', say=one.say, does=one.does, example=one.example)}"
        for one in lines.values()
    )
    return "\n\n".join(
        (
            say("help.intro"),
            f"{say('help.just_ask')}\n{say('help.examples')}",
            say("help.places"),
            f"{say('help.commands')}\n{shown_lines}",
            say("help.closing"),
        )
    )


def _about(turn: Turn, name: str, one: Line, model: str) -> str:
    say = turn.say
    parts = [say("help.about", say=one.say, does=one.does)]
    if one.example:
        parts.append(say("help.about_example", example=one.example))
    values = {"model": model, "language": languages()[say.language], "text": "…"}
    words = [
        said.format_map(values)
        for said, meant in words_of(say.language).items()
        if meant.partition(":")[0].replace(" ", "_") == name and said not in (one.say, one.example)
    ]
    if words:
        parts.append(say("help.about_words", words=", ".join(f"*{said}*" for said in words[:MOST_WORDS])))
    return "\n\n".join(parts)


def _topic(argument: str, language: str, lines: Mapping[str, Line]) -> str:
    wanted = argument.casefold().strip(" .!?/*")
    for name, one in lines.items():
        if wanted in (name.replace("_", " "), one.say.casefold(), *(also.casefold() for also in listed()[name].also)):
            return name
    meant = {said.casefold(): name for code in languages() for said, name in words_of(code).items()}.get(wanted, "")
    name = meant.partition(":")[0].replace(" ", "_")
    return name if name in lines else ""


async def _another_model(turn: Turn) -> str:
    """The name to show in examples: rather one that does not answer already."""
    now, judged = (await chosen_model(turn)).name, await verdicts(turn)
    return shown(first_permitted(judged, [name for name in judged if name != now]) or now)


def _harmless(argument: str) -> str:
    return "".join(letter for letter in argument if letter.isalnum() or letter in " -_")[:40]


COMMAND = Command(help="what I can do", run=run)
