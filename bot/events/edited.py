"""Somebody edited or restored a message: a question that we answered is answered anew, what we heard is what it says now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot import listening
from bot.answering import Answering, Event, ids_of
from bot.choice import spoken_with
from bot.context import Incoming, Outgoing, Receipt
from bot.store.answers import Answer
from bot.teams.activities import incoming

OLD_CHARACTERS = 300
"""Of the old answer, which stays readable as what it was."""


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    said = incoming(dict(activity))
    services = answering.services
    places = {said.reference.id, replace(said, targeted=True).kept_under}
    old = await services.answers.of_turns(places, ids_of(said.id))
    if not old and not receipt.reply_id:
        await _unanswered(answering, said, activity, receipt)
        return
    if any(answer.kept.asked.targeted for answer in old):
        # What was asked in private is answered in private, also should Teams forget to say so of the edit.
        said = replace(said, targeted=True)
    if not said.text or (old and _same(old[0].kept.question, said.text)):
        return  # a preview of a link was added, or this edit was dealt with before; without words it is a file still
    outdated = [answer for answer in old if not _same(answer.kept.question, said.text)]
    await _mark(answering, said, outdated)
    for answer in outdated:
        # Asked anew, it belongs at the end of the conversation, and no summary may go on telling the old words.
        await services.transcripts.delete_turn(answer.kept.asked.kept_under, answer.kept.turn_id)
    await answering.run_turn(said, receipt)
    for answer in outdated:
        await services.answers.delete(answer.conversation_id, answer.message_id)


async def _unanswered(answering: Answering, said: Incoming, activity: Mapping[str, Any], receipt: Receipt) -> None:
    """What was only heard, or was never for us, may have become a question by a mention; a command is not done twice."""
    services, here = answering.services, said.reference.id
    if not said.mentioned:
        if await listening.follows(services, here):
            await services.heard.replace(here, listening.remark(said))
        return
    heard = await services.heard.replace(here, listening.remark(said))
    restored = (activity.get("channelData") or {}).get("eventType") == "undeleteMessage"
    if not heard and not restored and await answering.turns.replies.known(here, said.id):
        return
    await services.heard.forget(here, said.id)
    await answering.run_turn(said, receipt)


async def _mark(answering: Answering, said: Incoming, outdated: Sequence[Answer]) -> None:
    """Says of old answers that there is a newer one. Repeating it changes nothing."""
    say = await spoken_with(answering.services.preferences, said.reference)
    for answer in outdated:
        kept = answer.kept
        start = kept.text[:OLD_CHARACTERS] + ("…" if len(kept.text) > OLD_CHARACTERS else "")
        quoted = "\n".join(f"> {line}" for line in start.splitlines())
        text = f"*{say('place.edited')}*\n\n{quoted}"
        await answering.replace(answer, Outgoing(text.strip(), model=kept.answered_by, ai=True))


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()) == " ".join(other.split())


def said(activity: Mapping[str, Any]) -> Incoming:
    return incoming(dict(activity))


EVENT = Event(("messageUpdate",), run, said)
