"""A thumb on one of our answers: kept with the answer; thumbs down, another model is offered."""

import logging
from collections.abc import Mapping
from typing import Any

from bot.answer import models
from bot.answering import RATED, Answering, Event
from bot.cards.kit import button, card, paragraph
from bot.commands.other_model import OTHER
from bot.context import Incoming, Outgoing, Place, Receipt
from bot.services import Turn
from bot.store.answers import Answer
from bot.store.feedback import THUMB, Feedback, Opinion
from bot.store.pending import incoming_from_json

log = logging.getLogger(__name__)


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    """Thumbs on messages that are no answers, or no longer kept, have nothing to hang on."""
    rated, liked = said(activity), activity["liked"] is True
    services = answering.services
    answer = await services.answers.get(rated.reference.id, rated.reply_to)
    if answer is None or not rated.reference.person.id:
        return
    log.info("an answer was rated %s", "up" if liked else "down")
    person_id = rated.reference.person.id
    before = await _before(services.feedback, answer, person_id)
    # In a shared place an offer would tell everybody what one of them thought.
    offers = not liked and not before and rated.reference.place is Place.PERSONAL
    where = (answer.conversation_id, answer.message_id)
    await services.feedback.save(Opinion(*where, person_id, THUMB, liked, activity["text"], before or offers))
    if not offers:
        return
    async with answering.turn(rated, receipt) as turn:
        message = await offer(turn, answer)
        if message is not None:
            await turn.conversation.stream().finish(message)


async def _before(feedback: Feedback, answer: Answer, person_id: str) -> bool:
    """Whether this person was offered another model for this answer: that is done once."""
    known = await feedback.of_answer(answer.conversation_id, answer.message_id)
    return any(one.offered for one in known if one.person_id == person_id)


async def offer(turn: Turn, answer: Answer) -> Outgoing | None:
    """Nothing when there is no other model to offer."""
    say = turn.say
    model = await models.permitted_after(turn, answer.kept.model)
    if not model:
        return None
    text = say("rating.offer", model=models.shown(model))
    sealed = turn.services.seal.sign(
        OTHER, {"message": answer.message_id, "model": model},
        person_id=turn.person.id, conversation_id=turn.incoming.reference.id,
    )  # fmt: skip
    again = button(say("other.try", model=models.shown(model)), sealed)
    return Outgoing("", card=card([paragraph(text)], fallback=text, language=say.language, actions=[again]))


def said(activity: Mapping[str, Any]) -> Incoming:
    return incoming_from_json(activity["incoming"])


EVENT = Event((RATED,), run)
