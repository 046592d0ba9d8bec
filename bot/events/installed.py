"""We were added somewhere or removed, or people joined or left."""

from collections.abc import Mapping
from typing import Any

from bot.answering import Answering, Event
from bot.closing import closed
from bot.context import Receipt
from bot.teams.activities import reference


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    del receipt
    where = reference(dict(activity))
    answering.office.roster.forget(where)
    if await closed(answering.services, answering.references, activity):
        return
    if where.person.id:
        await answering.references.save(where)


EVENT = Event(("installationUpdate", "conversationUpdate"), run)
