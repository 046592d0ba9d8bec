"""Activities exactly as Teams sends them (ids, channelData, entities, the text/html twin), as plain dicts."""

import html
from typing import Any
from zoneinfo import ZoneInfo

from infra.local.company.model import Person
from infra.local.connector_state import (
    THREAD,
    Conversation,
    channel,
    connector_state,
    conversation,
    personal_chat,
    split,
)
from infra.local.world import World

MENTION = '<span itemscope itemtype="http://schema.skype.com/Mention" itemid="0">{name}</span>'
PLATFORM = "Web"


def place_of(world: World, person: Person, chat: str) -> Conversation:
    """`personal`, or the id of a channel or chat, or the name of a channel or the topic of a chat. Raises KeyError."""
    id = personal_chat(world, person) if chat == "personal" else _by_name(world, chat)
    found = conversation(world, id)
    if found is None:
        raise KeyError(chat)
    return found


def envelope(world: World, person: Person, place: Conversation, kind: str, thread: str = "") -> dict[str, Any]:
    """What every activity carries. `thread` is the id of a channel's root message."""
    now = world.clock.now()
    local = now.astimezone(ZoneInfo(person.timezone))
    id = f"{place.id}{THREAD}{thread}" if thread and place.kind == "channel" else place.id
    group = {"isGroup": True} if place.kind != "personal" else {}
    return {
        "type": kind,
        "id": connector_state(world).new_id(world),
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "localTimestamp": local.isoformat(),
        "localTimezone": person.timezone,
        "locale": person.locale,
        "channelId": "msteams",
        "serviceUrl": world.urls.service_url,
        "from": {"id": person.teams_id, "name": person.name, "aadObjectId": person.id},
        "recipient": {"id": world.bot_channel_id, "name": world.bot_name},
        "conversation": {**group, "conversationType": place.kind, "tenantId": world.company.tenant_id, "id": id},
        "entities": [client_info(person)],
        "channelData": channel_data(world, place),
    }


def message(
    world: World, person: Person, place: Conversation, text: str, *, mention: bool = True, thread: str = ""
) -> dict[str, Any]:
    """A message; in channels and group chats it starts with the bot's mention unless told otherwise."""
    activity = envelope(world, person, place, "message", thread)
    if place.kind == "channel" and not thread:
        activity["conversation"]["id"] = f"{place.id}{THREAD}{activity['id']}"
    content = html.escape(text, quote=False)
    activity |= {"textFormat": "plain", "text": text}
    if mention and place.kind != "personal":
        tag = f"<at>{world.bot_name}</at>"
        mentioned = {"id": world.bot_channel_id, "name": world.bot_name}
        activity["text"] = f"{tag} {text}"
        activity["entities"].insert(0, {"type": "mention", "mentioned": mentioned, "text": tag})
        content = f"<div>{MENTION.format(name=html.escape(world.bot_name))} {content}</div>"
    activity["attachments"] = [{"contentType": "text/html", "content": f"<div>{content}</div>"}]
    return activity


def client_info(person: Person) -> dict[str, Any]:
    country = person.locale.rpartition("-")[2]
    return {
        "type": "clientInfo",
        "locale": person.locale,
        "country": country,
        "platform": PLATFORM,
        "timezone": person.timezone,
    }


def channel_data(world: World, place: Conversation) -> dict[str, Any]:
    tenant = {"tenant": {"id": world.company.tenant_id}}
    found = channel(world, place.id)
    if found is None:
        return {**tenant, "meeting": {"id": place.id}} if place.id.startswith("19:meeting_") else tenant
    return {
        "teamsChannelId": found.id,
        "teamsTeamId": found.team_id,
        "channel": {"id": found.id},
        "team": {"id": found.team_id},
        **tenant,
    }


def install(world: World, person: Person, place: Conversation, *, added: bool) -> list[dict[str, Any]]:
    """Both activities of an installation; Teams promises no order."""
    update = envelope(world, person, place, "installationUpdate")
    update["action"] = "add" if added else "remove"
    members = envelope(world, person, place, "conversationUpdate")
    bot = {"id": world.bot_channel_id}
    joined = [bot, {"id": person.teams_id, "aadObjectId": person.id}] if place.kind == "personal" else [bot]
    members["membersAdded" if added else "membersRemoved"] = joined
    team = next((t for t in world.company.teams if t.id == update["channelData"].get("teamsTeamId")), None)
    if team is not None:
        known = {"id": team.id, "name": team.name, "aadGroupId": team.group_id}
        event = "teamMemberAdded" if added else "teamMemberRemoved"
        for activity in (update, members):
            activity["channelData"] |= {"team": known, "eventType": event}
        update["channelData"] |= {
            "settings": {"selectedChannel": {"id": place.id}},
            "source": {"name": "message"},
        }
    return [update, members]


def again(world: World, person: Person, original: dict[str, Any], kind: str, event: str) -> dict[str, Any]:
    """An edit, a deletion or a restoration of a message sent before: the same id, and the event in channelData."""
    place = conversation(world, original["conversation"]["id"])
    if place is None:
        raise KeyError(original["conversation"]["id"])
    activity = envelope(world, person, place, kind, split(original["conversation"]["id"])[1])
    return activity | {
        "id": original["id"],
        "entities": original.get("entities", []),
        "channelData": {**activity["channelData"], "eventType": event},
    }


def _by_name(world: World, name: str) -> str:
    places = [(c.id, c.name) for c in world.company.channels] + [(c.id, c.topic) for c in world.company.chats]
    found = next((id for id, title in places if name == id), None) or next(
        (id for id, title in places if name.casefold() == title.casefold()), None
    )
    if found is None:
        raise KeyError(name)
    return found
