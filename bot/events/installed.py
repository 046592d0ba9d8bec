"""We were added somewhere or removed, or people joined or left: who is there is asked anew, and a new place is greeted once."""

from collections.abc import Mapping
from typing import Any

from bot.answering import Answering, Event
from bot.choice import conversation, spoken_with
from bot.closing import closed
from bot.context import Place, Receipt, Reference
from bot.store.personal import GREETED
from bot.teams.activities import reference
from bot.teams.conversation import TeamsConversation
from bot.welcome import was_greeted, welcome


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    where = reference(dict(activity))
    answering.office.roster.forget(where)
    action = activity.get("action")
    closed_to_us = await closed(answering.services, answering.references, activity)
    removed = action == "remove" or _about_us(activity, "membersRemoved")
    if removed and where.place is Place.PERSONAL and where.person.id:
        await answering.services.leavers.left(where.person.id, "removed")
    if removed:
        # Whoever installs us again is greeted again; an update of the app is no news to anybody.
        await answering.services.preferences.set(conversation(where, thread=False), GREETED, value=False)
    if closed_to_us or action == "remove-upgrade":
        return
    if where.person.id:
        await answering.references.save(where)
    if action == "add" or _about_us(activity, "membersAdded"):
        if where.place is Place.PERSONAL:
            await answering.services.leavers.back(where.person.id)
        await _greet(answering, where, str(activity.get("id") or ""), receipt)


async def _greet(answering: Answering, where: Reference, activity_id: str, receipt: Receipt) -> None:
    """Teams tells of one installation twice, in any order, and sometimes not at all; a conversation's turns run one by one."""
    services, owner = answering.services, conversation(where, thread=False)
    greeted = await services.preferences.get(owner, GREETED)
    if was_greeted(greeted, activity_id):
        return
    await services.preferences.set(owner, GREETED, activity_id)
    if greeted is None and where.place is Place.PERSONAL and await services.transcripts.load(where.id, turns=1):
        return  # the person was quicker and has an answer
    say = await spoken_with(services.preferences, where)
    here = TeamsConversation(where, answering.office, receipt)
    try:
        await here.stream().finish(await welcome(services, where, say))
    finally:
        await here.aclose()


def _about_us(activity: Mapping[str, Any], change: str) -> bool:
    us = str(activity["recipient"]["id"]).casefold()
    members = activity.get(change)
    ids = [member.get("id") for member in members if isinstance(member, dict)] if isinstance(members, list) else []
    return any(isinstance(id, str) and id.casefold() == us for id in ids)


EVENT = Event(("installationUpdate", "conversationUpdate"), run)
