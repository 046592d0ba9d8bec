"""Somebody deleted a message: what we made of it goes too."""

from collections.abc import Mapping
from typing import Any

from bot.answering import Answering, Event, ids_of
from bot.background.memory import owner
from bot.context import Incoming, Outgoing, Receipt
from bot.store.answers import Answer
from bot.teams.activities import incoming
from bot.teams.errors import Blocked, ConversationGone, MessageGone
from bot.texts import Texts


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    del receipt
    said = incoming(dict(activity))
    services, here = answering.services, said.reference.id
    ids = ids_of(said.id)
    answers = await services.answers.of_turns({here, f"{here};only={said.reference.person.id}"}, ids)
    await _withdraw(answering, said, answers)
    await services.heard.forget(here, said.id)
    await answering.pending.withdraw(said.reference.person.id, ids)
    places = {here, *(answer.conversation_id for answer in answers)}
    for turn_id in ids:
        for place in places:
            await services.transcripts.delete_turn(place, turn_id)
        for private in (False, True):
            await services.memories.forget_turn(owner(said.reference, private=private), turn_id)
    for answer in answers:
        await services.feedback.delete_answer(answer.conversation_id, answer.message_id)
        await services.answers.delete(answer.conversation_id, answer.message_id)


async def _withdraw(answering: Answering, said: Incoming, answers: list[Answer]) -> None:
    """In place of each answer stands one neutral line: others may have seen it, and wonder where it went."""
    line = Texts.of(said.reference.locale)("place.deleted")
    for answer in answers:
        conversation = answering.conversation(answer.kept.asked)
        shown = await answering.turns.replies(answer.kept.asked.reference.id, answer.kept.turn_id) or ()
        rest = shown[1:] if answer.message_id in shown[:1] else ()
        try:
            await conversation.update(answer.message_id, Outgoing(line))
            for part in rest:
                await conversation.delete(part)
        except (MessageGone, ConversationGone, Blocked):
            continue


EVENT = Event(("messageDelete",), run)
