"""Somebody deleted a message: what we made of it goes too."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.answering import Answering, Event, ids_of
from bot.background.memory import owner
from bot.choice import spoken_with
from bot.context import Outgoing, Receipt
from bot.teams.activities import incoming


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    del receipt
    said = incoming(dict(activity))
    services, here = answering.services, said.reference.id
    ids = ids_of(said.id)
    private = replace(said, targeted=True).kept_under
    answers = await services.answers.of_turns({here, private}, ids)
    say = await spoken_with(services.preferences, said.reference)
    for answer in answers:
        # One neutral line stands there instead: others may have seen the answer, and wonder where it went.
        await answering.replace(answer, Outgoing(say("place.deleted")))
    await services.heard.forget(here, said.id)
    await answering.pending.withdraw(said.reference.person.id, ids)
    for turn_id in ids:
        for place in (here, private):
            await services.transcripts.delete_turn(place, turn_id)
        for alone in (False, True):
            await services.memories.forget_turn(owner(said.reference, private=alone), turn_id)
    for answer in answers:
        await services.feedback.delete_answer(answer.conversation_id, answer.message_id)
        await services.answers.delete(answer.conversation_id, answer.message_id)


EVENT = Event(("messageDelete",), run)
