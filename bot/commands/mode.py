"""Whether every question here goes to one model, to two side by side, or to one whose answer another checks."""

from bot.answer.comparing import second
from bot.answer.models import shown
from bot.answer.modes import MODES, choose, mode_here
from bot.choice import chosen_model
from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn
from bot.texts import Texts, languages


async def run(turn: Turn, argument: str) -> None:
    """Chosen for a conversation, by anybody in it; in a channel for its thread."""
    say, asked = turn.say, argument.casefold().strip(" .!?")
    mode = next((one for one in MODES if asked in (one, *_words(one))), None)
    if not asked:
        text = f"{say(f'mode.now_{await mode_here(turn)}')} {say('mode.how')}"
    elif mode is None:
        text = say("mode.how")
    elif mode != "none" and not await second(turn, (await chosen_model(turn)).name):
        text = say("mode.only_one", model=shown((await chosen_model(turn)).name))
    else:
        await choose(turn, mode)
        text = say(f"mode.set_{mode}")
    await turn.conversation.stream().finish(Outgoing(text))


def _words(mode: str) -> tuple[str, ...]:
    return tuple(Texts(language)(f"mode.word_{mode}") for language in languages())


COMMAND = Command(help="one model, two side by side, or one that is checked", run=run)
