"""Somebody said something to us, or to others where we may listen, or pressed a button that Teams sends as a message."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot import listening
from bot.answering import Answering, Event
from bot.cards.seal import FIELD, NotOurs
from bot.context import Incoming, Outgoing, Receipt
from bot.teams.activities import incoming

_BOT = "28:"


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    said = incoming(dict(activity))
    if not said.mentioned and await listening.pressed(answering.services, said.reference.id, said.text):
        said = replace(said, mentioned=True)
    if not said.mentioned:
        await _overheard(answering, said, str(activity["recipient"].get("name") or ""), receipt)
        return
    await answering.references.save(said.reference)
    if said.value is None or FIELD not in said.value:
        await answering.run_turn(said, receipt)
        return
    try:
        click = answering.services.seal.open(
            said.value, person_id=said.reference.person.id, conversation_id=said.reference.id
        )
    except NotOurs:
        click = None
    if click is not None and answering.router.knows(click.verb):
        await answering.run_click(said, click.verb, click.data, receipt)
        return
    async with answering.turn(said, receipt) as turn:
        await turn.conversation.stream().finish(Outgoing(turn.say("click.not_yours")))


async def _overheard(answering: Answering, said: Incoming, our_name: str, receipt: Receipt) -> None:
    services, here = answering.services, said.reference.id
    if said.reference.person.channel_id.startswith(_BOT) or not await listening.follows(services, here):
        return
    # An answer that was begun before a crash is ended, whatever else was said meanwhile.
    if receipt.reply_id or await listening.asks_on(services, said, our_name):
        await answering.run_turn(said, receipt)
    elif said.text:
        await services.heard.keep(here, listening.remark(said))


def said(activity: Mapping[str, Any]) -> Incoming:
    return incoming(dict(activity))


EVENT = Event(("message",), run, said)
