"""A button of one of our cards, admitted after its seal was opened."""

from collections.abc import Mapping
from typing import Any

from bot.answering import CLICK, Answering, Event
from bot.context import Incoming, Receipt
from bot.store.pending import incoming_from_json


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    await answering.run_click(said(activity), activity["verb"], activity["data"], receipt)


def said(activity: Mapping[str, Any]) -> Incoming:
    return incoming_from_json(activity["incoming"])


EVENT = Event((CLICK,), run, said)
