"""A question from a shared place that its asker wants answered privately; the answer may be shared back, if they approve."""

from collections.abc import Mapping
from typing import Any

from bot.answering import ASKED_PRIVATELY, Answering, Event
from bot.commands.share import offer
from bot.context import Incoming, Receipt
from bot.store.pending import incoming_from_json


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    asked = said(activity)
    async with answering.turn(asked, receipt) as turn:
        await answering.router.ask(turn)
        answer = await turn.services.answers.by_turn(asked.reference.id, asked.id)
        if answer is not None and not answer.kept.ending and answer.kept.text:
            await turn.conversation.send(await offer(turn, answer, activity["from"]))


def said(activity: Mapping[str, Any]) -> Incoming:
    return incoming_from_json(activity["incoming"])


EVENT = Event((ASKED_PRIVATELY,), run, said)
