"""Channels, teams and chats end, and people come and go: what was kept about a place goes when the place does."""

from collections.abc import Mapping
from typing import Any

from bot.context import Place
from bot.listening import FOLLOW, owner
from bot.services import Services
from bot.store.references import References
from bot.teams.activities import place, thread_root

_TEAM_ENDS = frozenset({"teamDeleted", "teamHardDeleted", "teamArchived"})
"""An archived team takes no messages; the first one after it was restored brings the reference back."""


async def closed(services: Services, references: References, activity: Mapping[str, Any]) -> bool:
    """Whether this membership event says that a place is gone, or closed to us.

    Then where it was is forgotten, with what we heard there. An upgrade (`remove-upgrade`, `add-upgrade`) closes nothing.
    """
    conversation, data = activity["conversation"], activity.get("channelData") or {}
    event = data.get("eventType")
    team_id = str((data.get("team") or {}).get("id") or "")
    if event == "channelDeleted":
        gone = [str((data.get("channel") or {}).get("id") or thread_root(conversation["id"])[0])]
    elif team_id and (event in _TEAM_ENDS or _we_left(activity)):
        gone = [*await references.of_team(team_id), thread_root(conversation["id"])[0]]
    elif _we_left(activity):
        gone = [thread_root(conversation["id"])[0]]
    else:
        if activity.get("membersAdded") and place(dict(conversation)) is Place.GROUP:
            # People may be added without the chat's history: they must not get it from us.
            await services.heard.forget_place(conversation["id"])
        return False
    for bare_id in dict.fromkeys(gone):
        await references.delete_place(bare_id)
        await services.heard.forget_place(bare_id)
        await services.preferences.set(owner(bare_id), FOLLOW, None)
    return True


def _we_left(activity: Mapping[str, Any]) -> bool:
    bot_id = activity["recipient"]["id"]
    removed = any(member["id"] == bot_id for member in activity.get("membersRemoved") or [])
    return removed or activity.get("action") == "remove"
