"""A question about a message, asked through the message extension and answered in the asker's personal chat."""

from collections.abc import Mapping
from typing import Any

from bot.answering import ASKED_ABOUT, Answering, Event
from bot.context import Incoming, Receipt
from bot.store.pending import incoming_from_json


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    async with answering.turn(said(activity), receipt) as turn:
        await answering.router.ask(turn)


def said(activity: Mapping[str, Any]) -> Incoming:
    return incoming_from_json(activity["incoming"])


EVENT = Event((ASKED_ABOUT,), run, said)
