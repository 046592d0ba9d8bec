"""People who join or leave a team's channel or a chat: changed in the company, and told to the bot."""

from typing import Any

from infra.local import teams_activities
from infra.local.company.model import Channel, Chat, Person
from infra.local.world import World


def moved(world: World, who: Person, chat: str, *, joined: bool) -> dict[str, Any]:
    """The conversationUpdate. A standard channel's members are its team's, so all of that team's channels change."""
    place = teams_activities.place_of(world, who, chat)
    members = _list_of(world, place.id)
    if joined and who.id not in members:
        members.append(who.id)
    if not joined and who.id in members:
        members.remove(who.id)
    activity = teams_activities.envelope(world, who, place, "conversationUpdate")
    activity["membersAdded" if joined else "membersRemoved"] = [{"id": who.teams_id, "aadObjectId": who.id}]
    if place.kind == "channel":
        activity["channelData"] |= {"eventType": "teamMemberAdded" if joined else "teamMemberRemoved"}
    return activity


def _list_of(world: World, conversation_id: str) -> list[str]:
    found: Channel | Chat | None = next((c for c in world.company.channels if c.id == conversation_id), None)
    found = found or next((c for c in world.company.chats if c.id == conversation_id), None)
    if found is None:
        raise KeyError(conversation_id)
    if isinstance(found, Chat) or found.kind != "standard":
        return found.members
    team = next(team for team in world.company.teams if team.id == found.team_id)
    return next(group for group in world.company.groups if group.id == team.group_id).members
