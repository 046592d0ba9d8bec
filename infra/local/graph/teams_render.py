"""Teams, channels, chats, members and their messages as Graph writes them."""

import base64
from typing import Any
from urllib.parse import quote

from infra.local.company.access import channel_members, members_of
from infra.local.company.model import Channel, Chat, ChatMessage, Group, Team
from infra.local.graph.call import Call, Refused, iso
from infra.local.teams_carried import carried

SINCE = "0001-01-01T00:00:00Z"


def group_of(call: Call, team: Team) -> Group:
    return next(group for group in call.company.groups if group.id == team.group_id)


def find_team(call: Call, group_id: str) -> Team:
    """By the id of its group. 403 for who is not a member, as Teams answers. Raises `Refused`."""
    team = next((team for team in call.company.teams if team.group_id == group_id), None)
    if team is None:
        raise Refused(404, "NotFound", "No team found with Group Id " + group_id)
    if not call.caller.app_only and call.caller.person_id not in members_of(call.company, team):
        raise Refused(
            403, "Forbidden", "Failed to execute Templates backend request: the user is not a member of the team."
        )
    return team


def sees_channel(call: Call, channel: Channel) -> bool:
    return call.caller.app_only or call.caller.person_id in channel_members(call.company, channel)


def find_channel(call: Call, group_id: str, channel_id: str) -> Channel:
    """404 for a private channel the caller is no member of: its existence is hidden. Raises `Refused`."""
    team = next((team for team in call.company.teams if team.group_id == group_id), None)
    for channel in call.company.channels:
        if team is not None and channel.id == channel_id and channel.team_id == team.id and sees_channel(call, channel):
            return channel
    find_team(call, group_id)
    raise Refused(404, "NotFound", "Channel does not exist.")


def find_chat(call: Call, chat_id: str) -> Chat:
    for chat in call.company.chats:
        if chat.id == chat_id:
            if call.caller.app_only or call.caller.person_id in chat.members:
                return chat
            raise Refused(403, "Forbidden", "Forbidden")
    raise Refused(404, "NotFound", "NotFound")


def team_json(call: Call, team: Team) -> dict[str, Any]:
    group = group_of(call, team)
    yes = {"allowCreateUpdateChannels": True, "allowDeleteChannels": True}
    return {
        "id": team.group_id,
        "createdDateTime": iso(call.company.today.replace(year=call.company.today.year - 1)),
        "displayName": team.name,
        "description": team.description or group.name,
        "internalId": team.id,
        "classification": None,
        "specialization": "none",
        "visibility": "private",
        "webUrl": f"https://teams.microsoft.com/l/team/{quote(team.id, safe='')}/conversations?groupId={team.group_id}",
        "isArchived": False,
        "isMembershipLimitedToOwners": False,
        "tenantId": call.company.tenant_id,
        "memberSettings": {
            **yes,
            "allowAddRemoveApps": True,
            "allowCreateUpdateRemoveTabs": True,
            "allowCreateUpdateRemoveConnectors": True,
        },
        "guestSettings": {"allowCreateUpdateChannels": False, "allowDeleteChannels": False},
        "messagingSettings": {
            "allowUserEditMessages": True,
            "allowUserDeleteMessages": True,
            "allowOwnerDeleteMessages": True,
            "allowTeamMentions": True,
            "allowChannelMentions": True,
        },
        "funSettings": {
            "allowGiphy": True,
            "giphyContentRating": "strict",
            "allowStickersAndMemes": True,
            "allowCustomMemes": True,
        },
        "discoverySettings": {"showInTeamsSearchAndSuggestions": True},
    }


def _where(call: Call, group_id: str) -> str:
    return f"groupId={group_id}&tenantId={call.company.tenant_id}"


def channel_json(call: Call, channel: Channel) -> dict[str, Any]:
    team = next(team for team in call.company.teams if team.id == channel.team_id)
    return {
        "id": channel.id,
        "createdDateTime": iso(call.company.today.replace(year=call.company.today.year - 1), millis=True),
        "displayName": channel.name,
        "description": team.description or None,
        "isFavoriteByDefault": None,
        "email": "",
        "tenantId": call.company.tenant_id,
        "webUrl": f"https://teams.microsoft.com/l/channel/{quote(channel.id, safe='')}/{quote(channel.name)}?{_where(call, team.group_id)}",
        "membershipType": channel.kind,
        "isArchived": False,
    }


def member_json(call: Call, place_id: str, person_id: str, *, owner: bool, in_chat: bool = False) -> dict[str, Any]:
    person = call.people[person_id]
    roles = ["owner"] if owner else ["guest"] if person.is_guest else []
    shown: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.aadUserConversationMember",
        "id": base64.b64encode(f"{call.company.tenant_id}##{place_id}##{person_id}".encode()).decode(),
        "roles": roles,
        "displayName": person.name,
        "visibleHistoryStartDateTime": call.world.state.get("history_from", {}).get((place_id, person_id), SINCE),
        "userId": person.id,
        "email": person.mail,
        "tenantId": call.company.tenant_id,
    }
    if in_chat:
        # Everybody in a chat is its owner.
        shown["roles"] = ["guest"] if person.is_guest else ["owner"]
    return shown


def chat_json(call: Call, chat: Chat) -> dict[str, Any]:
    sent = [message.sent for message in call.company.messages if message.chat_id == chat.id]
    first, last = min(sent, default=call.company.today), max(sent, default=call.company.today)
    link = f"https://teams.microsoft.com/l/chat/{quote(chat.id, safe='')}/0?tenantId={call.company.tenant_id}"
    return {
        "id": chat.id,
        "topic": chat.topic or None,
        "createdDateTime": iso(first, millis=True),
        "lastUpdatedDateTime": iso(last, millis=True),
        "chatType": chat.kind,
        "webUrl": link,
        "tenantId": call.company.tenant_id,
        "onlineMeetingInfo": _meeting(call, chat, link) if chat.kind == "meeting" else None,
        "viewpoint": {"isHidden": False, "lastMessageReadDateTime": iso(last, millis=True)},
    }


def _meeting(call: Call, chat: Chat, link: str) -> dict[str, Any]:
    organizer = {"id": chat.members[0], "displayName": None, "userIdentityType": "aadUser"}
    return {"calendarEventId": "", "joinWebUrl": link, "organizer": organizer}


def chat_members(call: Call, chat: Chat) -> list[dict[str, Any]]:
    return [
        member_json(call, chat.id, person, owner=True, in_chat=True) for person in chat.members if person in call.people
    ]


def message_json(call: Call, message: ChatMessage) -> dict[str, Any]:
    team = next((team for team in call.company.teams if team.id == message.team_id), None)
    group = team.group_id if team else ""
    place = {"teamId": group, "channelId": message.channel_id} if team else None
    link = None
    if team:
        parent, where = message.reply_to or message.id, _where(call, group)
        address = f"{quote(message.channel_id, safe='')}/{message.id}?{where}"
        link = f"https://teams.microsoft.com/l/message/{address}&createdTime={message.id}&parentMessageId={parent}"
    stamp = iso(message.sent, millis=True)
    extra = carried(call.world, message.id)
    hosted = "".join(
        f'<img src="{call.base}/{_messages(group, message)}/hostedContents/{id}/$value">' for id in extra.hosted
    )
    body = {"contentType": "html", "content": "" if message.deleted else f"{message.html}{hosted}"}
    return {
        "id": message.id,
        "replyToId": message.reply_to or None,
        "etag": message.id,
        "messageType": "message",
        "createdDateTime": stamp,
        "lastModifiedDateTime": stamp,
        "lastEditedDateTime": None,
        "deletedDateTime": stamp if message.deleted else None,
        "subject": None,
        "summary": None,
        "chatId": message.chat_id or None,
        "importance": "normal",
        "locale": "en-us",
        "webUrl": link,
        "channelIdentity": place,
        "policyViolation": None,
        "eventDetail": None,
        "from": _author(call, message.author_id),
        "body": body,
        "attachments": extra.attachments,
        "mentions": [_mention(call, at, person) for at, person in enumerate(message.mentions)],
        "reactions": [],
    }


def _messages(group: str, message: ChatMessage) -> str:
    """The path of a message below the version."""
    if not group:
        return f"chats/{message.chat_id}/messages/{message.id}"
    root = f"teams/{group}/channels/{message.channel_id}/messages/{message.reply_to or message.id}"
    return f"{root}/replies/{message.id}" if message.reply_to else root


def _author(call: Call, person_id: str) -> dict[str, Any]:
    person = call.people.get(person_id)
    if person is None:
        application = {"id": call.world.app_id, "displayName": call.world.bot_name, "applicationIdentityType": "bot"}
        return {"application": application, "device": None, "user": None}
    user = {
        "id": person.id,
        "displayName": person.name,
        "userIdentityType": "aadUser",
        "tenantId": call.company.tenant_id,
    }
    return {"application": None, "device": None, "conversation": None, "user": user}


def _mention(call: Call, at: int, person_id: str) -> dict[str, Any]:
    person = call.people.get(person_id)
    name = person.name if person else call.world.bot_name
    bot = {"id": call.world.app_id, "displayName": name, "applicationIdentityType": "bot"}
    mentioned = {
        "application": None if person else bot,
        "device": None,
        "conversation": None,
        "user": {"id": person_id, "displayName": name, "userIdentityType": "aadUser"} if person else None,
    }
    return {"id": at, "mentionText": name, "mentioned": mentioned}
