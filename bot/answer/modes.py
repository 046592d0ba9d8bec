"""How a question is answered: by one model, by two side by side, or by one and checked by another; as chosen for a conversation."""

from typing import Literal, get_args

from bot.answer.asking import answer
from bot.answer.comparing import compare
from bot.answer.reviewing import review
from bot.choice import Chosen, conversation
from bot.context import Incoming
from bot.grounding.queries import small_talk
from bot.services import Turn

Mode = Literal["none", "compare", "review"]
MODES: tuple[Mode, ...] = get_args(Mode)
MODE = "mode"
"""Name of the preference."""


async def mode_here(turn: Turn) -> Mode:
    """The thread's choice, else the channel's, else none."""
    reference, preferences = turn.incoming.reference, turn.services.preferences
    owners = dict.fromkeys((conversation(reference), conversation(reference, thread=False)))
    kept = await preferences.several(*owners)
    return next((mode for one in kept for mode in MODES if one.get(MODE) == mode), "none")


async def choose(turn: Turn, mode: Mode) -> None:
    """For this conversation; in a channel for its thread. `none` holds there too, against the channel's choice."""
    await turn.services.preferences.set(conversation(turn.incoming.reference), MODE, mode)


async def answer_as(
    mode: Mode, turn: Turn, asked: Incoming, model: str, *, told: tuple[str, ...] = (), chosen: Chosen | None = None
) -> None:
    """Answers `asked` in this turn's conversation, as `bot.answer.asking.answer` does. A greeting takes one model.

    `model` is a configured name, of the one that answers first or drafts. `told` and `chosen`: as there. Raises `NotPermitted`.
    """
    if mode == "compare" and not small_talk(asked.text):
        await compare(turn, asked, model, told=told)
    elif mode == "review" and not small_talk(asked.text):
        await review(turn, asked, model, told=told)
    else:
        await answer(turn, asked, model, told=told, chosen=chosen)
