"""Somebody said something, or pressed a button that Teams sends as a message."""

from collections.abc import Mapping
from typing import Any

from bot.answering import Answering, Event
from bot.cards.seal import FIELD, NotOurs
from bot.context import Incoming, Receipt
from bot.teams.activities import incoming


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    said = incoming(dict(activity))
    await answering.references.save(said.reference)
    if said.value is None or FIELD not in said.value:
        await answering.run_turn(said, receipt)
        return
    try:
        click = answering.services.seal.open(
            said.value, person_id=said.reference.person.id, conversation_id=said.reference.id
        )
    except NotOurs:
        return
    if answering.router.knows(click.verb):
        await answering.run_click(said, click.verb, click.data, receipt)


def said(activity: Mapping[str, Any]) -> Incoming:
    return incoming(dict(activity))


EVENT = Event(("message",), run, said)
