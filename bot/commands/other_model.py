"""The same question once more, answered by another model: a new message, so that both answers can be compared."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.answer import models
from bot.answer.asking import answer as answer_again
from bot.choice import AUTOMATIC, named_model
from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn
from bot.store.answers import Answer
from bot.teams.errors import ConnectorError

log = logging.getLogger(__name__)

OTHER = "answer.other"
"""The button's data: `message` is the id of the answer to try again, `model` a configured name."""


async def run(turn: Turn, argument: str) -> None:
    """The newest answer here is tried again, by the model named or by the next one of MODELS."""
    services = turn.services
    answers, person_id = services.answers, turn.person.id
    answer = await answers.latest(turn.incoming.kept_under, person_id)
    answer = answer or await answers.latest(turn.incoming.reference.id, person_id)
    if answer is None:
        await _say(turn, "other.nothing")
        return
    model = (
        named_model(argument, services.models) if argument else await models.permitted_after(turn, answer.kept.model)
    )
    if model:
        await _again(turn, answer, model)
    elif argument.casefold() in AUTOMATIC:
        await _say(turn, "other.automatic")
    elif argument:
        await _say(turn, "other.unknown", models=", ".join(models.shown(name) for name in services.models))
    else:
        await _say(turn, "other.only_one", model=models.shown(next(iter(services.models))))


async def clicked(turn: Turn, data: Mapping[str, Any]) -> None:
    """The offer after a thumbs-down is taken: its card says so, and the answer comes below."""
    model = data["model"]
    answer = await turn.services.answers.get(turn.incoming.reference.id, data["message"])
    if answer is None or model not in turn.services.models:
        await _say(turn, "other.gone")
        return
    try:
        taken = Outgoing(turn.say("other.asking", model=models.shown(model)))
        await turn.conversation.update(turn.incoming.reply_to, taken)
    except ConnectorError as error:
        log.info("an offer could not be marked as taken: %s", type(error).__name__)
    await _again(turn, answer, model)


async def _again(turn: Turn, answer: Answer, model: str) -> None:
    """With the rights of whoever asks now, and for those who read along now."""
    said = turn.incoming
    asked = replace(answer.kept.asked, reference=said.reference, targeted=said.targeted, mentioned=True)
    await answer_again(turn, asked, model, again=answer.kept)


async def _say(turn: Turn, key: str, **values: str) -> None:
    await turn.conversation.stream().finish(Outgoing(turn.say(key, **values)))


COMMAND = Command(
    help="the same question, answered by another model",
    run=run,
    also=("other", "ask the other model", "try the other model"),
    clicks={OTHER: clicked},
)
