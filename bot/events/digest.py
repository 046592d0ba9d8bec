"""A digest that is composed, in its turn in the conversation: sent as it was stored, and noted as delivered."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from bot.answering import Answering, Event
from bot.choice import spoken_with
from bot.context import Incoming, Outgoing, Place, Receipt, Reference
from bot.digests.buttons import under
from bot.digests.content import from_json
from bot.digests.delivery import place
from bot.digests.endings import Endings
from bot.digests.making import DIGEST, RETRY_SECONDS
from bot.digests.notices import Notices
from bot.services import Services
from bot.store.run import Run
from bot.store.subscriptions import Subscription
from bot.teams.displays import PLACEHOLDER, plain_message
from bot.teams.errors import Blocked, ConversationGone
from bot.teams.outlet import Outlet


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    """Repeated after a crash, it finds the row delivered, or puts the same content into the same message."""
    services = answering.services
    found = await _found(services, activity)
    if found is None:
        return
    subscription, due = found
    endings, notices = _endings(answering)
    here = await notices.where(subscription, due.conversation_id)
    if here is None:
        await endings.pause(subscription, due, "gone")
        return
    conversation = answering.conversation(Incoming(due.activity_id, "", here), receipt, patient=True)
    outlet = Outlet(here, answering.office.connector.patient(), None, answering.office.on_gone)
    assert due.content is not None
    try:
        await place(services.runs, due, receipt, partial(outlet.post, plain_message(outlet, PLACEHOLDER)))
        stream = conversation.stream()
        await stream.finish(await _steerable(services, subscription, due, here, receipt.reply_id))
        gone = stream.stopped
    except (ConversationGone, Blocked):
        gone = True
    finally:
        await conversation.aclose()
    if gone:
        await endings.pause(subscription, due, "gone")
    else:
        await services.runs.delivered(due, due.content["cursors"], services.now().timestamp())


async def _steerable(services: Services, asked: Subscription, due: Run, here: Reference, message_id: str) -> Outgoing:
    """With its buttons. In a channel it begins a thread, which is where they are pressed."""
    assert due.content is not None
    say = await spoken_with(services.preferences, here)
    fresh = here.place is Place.CHANNEL and ";" not in here.id
    pressed_in = f"{here.id};messageid={message_id}" if fresh else here.id
    return under(from_json(due.content["outgoing"]), due, asked, services.seal, pressed_in, say)


async def ended(answering: Answering, activity: Mapping[str, Any]) -> None:
    """It can't be sent in this turn any more: in another one, or its owner is told."""
    found = await _found(answering.services, activity)
    if found is not None:
        endings, _ = _endings(answering)
        await endings.again(*found, "delivery", RETRY_SECONDS)


async def _found(services: Services, activity: Mapping[str, Any]) -> tuple[Subscription, Run] | None:
    """None when there is nothing to send any more: it was sent, or erased."""
    due, subscription = await asyncio.gather(
        services.runs.get(activity["subscription"], activity["slot"]),
        services.subscriptions.get(activity["subscription"]),
    )
    return None if due is None or subscription is None or due.state != "ready" else (subscription, due)


def _endings(answering: Answering) -> tuple[Endings, Notices]:
    services = answering.services
    notices = Notices(services.subscriptions, answering.references, answering.personal_chat, answering.turns.admit)
    return Endings(services.runs, notices, lambda: services.now().timestamp()), notices


EVENT = Event((DIGEST,), run, ended=ended)
