"""The question that waited for a sign-in, admitted once more."""

from collections.abc import Mapping
from typing import Any

from bot.answering import SIGNED_IN, Answering, Event
from bot.context import Incoming, Receipt
from bot.store.pending import incoming_from_json


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    await answering.run_turn(said(activity), receipt)


def said(activity: Mapping[str, Any]) -> Incoming:
    return incoming_from_json(activity["incoming"])


EVENT = Event((SIGNED_IN,), run, said)
