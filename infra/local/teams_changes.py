"""What happens to messages after they were said: edited, deleted, restored, reacted to; shown in the conversation and told to the bot."""

from collections.abc import Mapping
from typing import Any

from infra.local import teams_activities
from infra.local.company.model import Person
from infra.local.connector_state import Message, conversation, split
from infra.local.world import World

CHANNELS, CHATS = "ChannelMessage.Read.Group", "ChatMessage.Read.Chat"
READING = "reads_along"
"""`world.state`: ids of channels and chats where the bot was granted to read without a mention (resource-specific consent)."""


def reads_along(world: World, conversation_id: str) -> bool:
    return split(conversation_id)[0] in world.state.get(READING, set())


def grant(world: World, conversation_id: str) -> None:
    """ChannelMessage.Read.Group or ChatMessage.Read.Chat, for one channel or chat."""
    world.state.setdefault(READING, set()).add(split(conversation_id)[0])


def install(world: World, conversation_id: str, kind: str, manifest: Mapping[str, Any]) -> None:
    """What an app package with this manifest is granted in a `kind` of place, where it was granted more or less before.

    One kind of permission for the channels of a team, another for a chat (msteams-docs, resource-specific-consent).
    """
    wanted = manifest.get("authorization", {}).get("permissions", {}).get("resourceSpecific", ())
    names = {entry["name"] for entry in wanted if entry["type"] == "Application"}
    world.state.setdefault(READING, set()).discard(split(conversation_id)[0])
    if {"channel": CHANNELS, "groupChat": CHATS}.get(kind, "") in names:
        grant(world, conversation_id)


def edited(world: World, who: Person, original: dict[str, Any], text: str, *, mention: bool | None) -> dict[str, Any]:
    """`mention` of the bot: None keeps it as it was."""
    place = conversation(world, original["conversation"]["id"])
    if place is None:
        raise KeyError(original["conversation"]["id"])
    had = any(entity.get("type") == "mention" for entity in original.get("entities", []))
    thread = split(original["conversation"]["id"])[1]
    wanted = had if mention is None else mention
    said = teams_activities.message(world, who, place, text, mention=wanted, thread=thread)
    activity = teams_activities.again(world, who, original, "messageUpdate", "editMessage")
    activity |= {key: said[key] for key in ("text", "textFormat", "attachments", "entities")}
    _shown(world, original).show(activity, world.clock.now())
    return activity


def deleted(world: World, who: Person, original: dict[str, Any]) -> dict[str, Any]:
    _shown(world, original).deleted = True
    activity = teams_activities.again(world, who, original, "messageDelete", "softDeleteMessage")
    return {name: value for name, value in activity.items() if name != "text"}


def restored(world: World, who: Person, original: dict[str, Any]) -> dict[str, Any]:
    _shown(world, original).deleted = False
    activity = teams_activities.again(world, who, original, "messageUpdate", "undeleteMessage")
    return activity | {"text": original["text"], "textFormat": original.get("textFormat", "plain")}


def quoting(quoted: list[dict[str, Any]], names: dict[str, str], text: str) -> tuple[str, list[dict[str, Any]]]:
    """(text with its placeholders, entities) of a message that quotes others, as new clients send them."""
    entities = [
        {
            "type": "quotedReply",
            "quotedReply": {
                "messageId": activity["id"],
                "senderId": activity["from"]["id"],
                "senderName": names.get(activity["from"]["id"]) or activity["from"].get("name", ""),
                "preview": str(activity.get("text") or "")[:200],
                "time": activity["id"],
                "isReplyDeleted": False,
                "validatedMessageReference": True,
            },
        }
        for activity in quoted
    ]
    return "".join(f'<quoted messageId="{activity["id"]}"/>' for activity in quoted) + text, entities


def _shown(world: World, original: dict[str, Any]) -> Message:
    place = conversation(world, original["conversation"]["id"])
    message = place.by_id.get(original["id"]) if place else None
    return message or Message("", "", "", world.clock.now(), {})
