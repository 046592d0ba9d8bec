"""Somebody reacted to one of our answers: that is feedback, as a thumb is."""

from collections.abc import Mapping
from typing import Any

from bot.answering import Answering, Event
from bot.context import Receipt
from bot.store.feedback import REACTION, Opinion
from bot.teams.activities import reference

_LONGEST = 64
DISLIKES = frozenset(
    {"sad", "angry", "no", "1f44e_thumbsdown", "1f621_poutingface", "1f615_confusedface", "274c_crossmark"}
)
"""Reactions that say it was not good; any other says that it was. Teams' own names, and those of its extended set (any string)."""


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    del receipt
    where = reference(dict(activity))
    person_id = where.person.id
    answer = await answering.services.answers.get(where.id, activity.get("replyToId") or "")
    if answer is None or not person_id:
        return
    feedback, place, message_id = answering.services.feedback, answer.conversation_id, answer.message_id
    added = [reaction["type"] for reaction in activity.get("reactionsAdded") or []]
    removed = {reaction["type"][:_LONGEST] for reaction in activity.get("reactionsRemoved") or []}
    if removed:
        known = [
            o for o in await feedback.of_answer(place, message_id) if o.person_id == person_id and o.kind == REACTION
        ]
        if any(opinion.text in removed for opinion in known):
            await feedback.remove(place, message_id, person_id, REACTION)
    if added:
        name = added[-1][:_LONGEST]
        await feedback.save(Opinion(place, message_id, person_id, REACTION, name not in DISLIKES, name))


EVENT = Event(("messageReaction",), run)
