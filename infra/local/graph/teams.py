"""Teams and chats: who is where, and what was said there."""

import html
from typing import Any

from infra.local.company.access import channel_members, members_of
from infra.local.company.model import Channel, ChatMessage
from infra.local.graph import drive_render
from infra.local.graph import teams_render as render
from infra.local.graph.call import Answer, Call, Refused
from infra.local.graph.errors import bad_request
from infra.local.graph.index import plain
from infra.local.graph.odata import ODataError, properties
from infra.local.graph.odata_parser import parse_filter, parse_orderby
from infra.local.graph.paging import of_json, single
from infra.local.graph.teams_live import said_in

PAGE = 20
MAX_PAGE = 50
ROOT_AND_REPLIES = 1000


def joined_teams(call: Call) -> Answer:
    rows = [team for team in call.company.teams if call.user and call.user.id in members_of(call.company, team)]
    keys = (
        "id",
        "createdDateTime",
        "displayName",
        "description",
        "internalId",
        "classification",
        "specialization",
        "visibility",
        "webUrl",
        "isArchived",
        "tenantId",
    )
    return of_json([{key: render.team_json(call, team)[key] for key in keys} for team in rows], call, context="teams")


def get_team(call: Call, team: str) -> Answer:
    return single(call, render.team_json(call, render.find_team(call, team)), "teams")


def team_members(call: Call, team: str) -> Answer:
    found = render.find_team(call, team)
    owners = set(render.group_of(call, found).owners)
    people = sorted(members_of(call.company, found), key=lambda person: (person not in owners, person))
    rows = [
        render.member_json(call, found.group_id, person, owner=person in owners)
        for person in people
        if person in call.people
    ]
    return _counted(of_json(rows, call, context=f"teams('{team}')/members", max_top=999))


def list_channels(call: Call, team: str) -> Answer:
    found = render.find_team(call, team)
    rows = [
        channel
        for channel in call.company.channels
        if channel.team_id == found.id and render.sees_channel(call, channel)
    ]
    return _counted(
        of_json([render.channel_json(call, channel) for channel in rows], call, context=f"teams('{team}')/channels")
    )


def primary_channel(call: Call, team: str) -> Answer:
    found = render.find_team(call, team)
    return get_channel(call, team, found.id)


def get_channel(call: Call, team: str, channel: str) -> Answer:
    return single(
        call, render.channel_json(call, render.find_channel(call, team, channel)), f"teams('{team}')/channels"
    )


def list_channel_members(call: Call, team: str, channel: str) -> Answer:
    found = render.find_channel(call, team, channel)
    owners = set(render.group_of(call, next(entry for entry in call.company.teams if entry.id == found.team_id)).owners)
    people = sorted(channel_members(call.company, found))
    rows = [
        render.member_json(call, channel, person, owner=person in owners) for person in people if person in call.people
    ]
    return _counted(of_json(rows, call, context=f"teams('{team}')/channels('{channel}')/members", max_top=999))


def files_folder(call: Call, team: str, channel: str) -> Answer:
    found = render.find_channel(call, team, channel)
    folder = next(
        (item for item in call.company.items if item.id == found.folder_id and item.drive_id == found.drive_id), None
    )
    if folder is None:
        raise Refused(404, "NotFound", "Folder location for channel is not ready yet, please try again later.")
    return single(call, drive_render.item_json(call, folder), f"teams('{team}')/channels('{channel}')/filesFolder")


def _counted(answer: Answer) -> Answer:
    """Teams counts every collection without being asked."""
    if isinstance(answer.body, dict):
        body = dict(answer.body)
        context = body.pop("@odata.context")
        answer.body = {"@odata.context": context, "@odata.count": len(body["value"]), **body}
    return answer


def channel_messages(call: Call, team: str, channel: str) -> Answer:
    """Root posts only, newest first; at most 50 a page, no filter (channel-list-messages)."""
    if "filter" in call.query or "orderby" in call.query:
        raise bad_request("Query option is not allowed on this resource.")
    found = render.find_channel(call, team, channel)
    roots = [message for message in _of(call, found) if not message.reply_to]
    expand = "replies" in call.query.get("expand", "").lower()
    rows = [_with_replies(call, found, message) if expand else render.message_json(call, message) for message in roots]
    return _page(call, rows, f"teams('{team}')/channels('{channel}')/messages")


def _of(call: Call, channel: Channel) -> list[ChatMessage]:
    rows = [message for message in call.company.messages if message.channel_id == channel.id]
    rows += said_in(call, channel.id, team_id=channel.team_id)
    return sorted(rows, key=lambda message: (message.sent, message.id), reverse=True)


def _with_replies(call: Call, channel: Channel, root: ChatMessage) -> dict[str, Any]:
    replies = [message for message in _of(call, channel) if message.reply_to == root.id][:ROOT_AND_REPLIES]
    rows = [render.message_json(call, message) for message in replies]
    return {
        **render.message_json(call, root),
        "replies@odata.context": "",
        "replies@odata.count": len(rows),
        "replies": rows,
    }


def _page(call: Call, rows: list[dict[str, Any]], context: str, top: int = PAGE) -> Answer:
    return _counted(of_json(rows, call, context=context, top=top, max_top=MAX_PAGE))


def channel_message(call: Call, team: str, channel: str, message: str) -> Answer:
    found = render.find_channel(call, team, channel)
    wanted = _find(_of(call, found), message)
    if wanted.reply_to:
        raise Refused(404, "NotFound", "NotFound")
    shown = (
        _with_replies(call, found, wanted)
        if "replies" in call.query.get("expand", "")
        else render.message_json(call, wanted)
    )
    return single(call, shown, f"teams('{team}')/channels('{channel}')/messages")


def replies(call: Call, team: str, channel: str, message: str) -> Answer:
    found = render.find_channel(call, team, channel)
    root = _find(_of(call, found), message)
    rows = [render.message_json(call, entry) for entry in _of(call, found) if entry.reply_to == root.id]
    return _page(call, rows, f"teams('{team}')/channels('{channel}')/messages('{message}')/replies")


def reply(call: Call, team: str, channel: str, message: str, reply: str) -> Answer:
    found = render.find_channel(call, team, channel)
    wanted = _find([entry for entry in _of(call, found) if entry.reply_to == message], reply)
    return single(
        call, render.message_json(call, wanted), f"teams('{team}')/channels('{channel}')/messages('{message}')/replies"
    )


def _find(messages: list[ChatMessage], message_id: str) -> ChatMessage:
    for message in messages:
        if message.id == message_id:
            return message
    raise Refused(404, "NotFound", "NotFound")


def list_chats(call: Call) -> Answer:
    owner = call.owner
    expand = call.query.get("expand", "").lower()
    rows = []
    for chat in call.company.chats:
        if owner.id in chat.members:
            shown = render.chat_json(call, chat)
            if "members" in expand:
                shown["members"] = render.chat_members(call, chat)
            if "lastmessagepreview" in expand:
                shown["lastMessagePreview"] = _preview(call, chat.id)
            rows.append(shown)
    rows.sort(key=lambda shown: shown["lastUpdatedDateTime"], reverse=True)
    return _page(call, rows, "chats", top=MAX_PAGE)


def _preview(call: Call, chat_id: str) -> dict[str, Any] | None:
    rows = _in_chat(call, chat_id)
    if not rows:
        return None
    shown = render.message_json(call, rows[0])
    kept = ("id", "createdDateTime", "messageType", "body", "from", "eventDetail")
    return {**{key: shown[key] for key in kept}, "isDeleted": rows[0].deleted}


def _in_chat(call: Call, chat_id: str) -> list[ChatMessage]:
    rows = [message for message in call.company.messages if message.chat_id == chat_id] + said_in(call, chat_id)
    return sorted(rows, key=lambda message: (message.sent, message.id), reverse=True)


def get_chat(call: Call, chat: str) -> Answer:
    found = render.find_chat(call, chat)
    shown = render.chat_json(call, found)
    if "members" in call.query.get("expand", "").lower():
        shown["members"] = render.chat_members(call, found)
    return single(call, shown, "chats")


def list_chat_members(call: Call, chat: str) -> Answer:
    return _counted(
        of_json(render.chat_members(call, render.find_chat(call, chat)), call, context=f"chats('{chat}')/members")
    )


def chat_member(call: Call, chat: str, member: str) -> Answer:
    for shown in render.chat_members(call, render.find_chat(call, chat)):
        if shown["id"] == member:
            return single(call, shown, f"chats('{chat}')/members")
    raise Refused(404, "NotFound", "NotFound")


def chat_messages(call: Call, chat: str) -> Answer:
    """Newest first only; a filter counts only on the property that is ordered by (chat-list-messages)."""
    found = render.find_chat(call, chat)
    ordered = "lastmodifieddatetime"
    try:
        if "orderby" in call.query:
            path, descending = parse_orderby(call.query["orderby"])[0]
            ordered = path[0].lower()
            if not descending or ordered not in {"lastmodifieddatetime", "createddatetime"}:
                raise bad_request(
                    "QueryOptions to order by are not supported: only descending order by lastModifiedDateTime or createdDateTime is."
                )
        if "filter" in call.query and set(properties(parse_filter(call.query["filter"]))) != {ordered}:
            call.query = {name: value for name, value in call.query.items() if name != "filter"}
    except ODataError as error:
        raise bad_request(str(error)) from error
    rows = [render.message_json(call, message) for message in _in_chat(call, found.id)]
    return _page(call, rows, f"chats('{chat}')/messages")


def chat_message(call: Call, chat: str, message: str) -> Answer:
    found = render.find_chat(call, chat)
    return single(
        call, render.message_json(call, _find(_in_chat(call, found.id), message)), f"chats('{chat}')/messages"
    )


def post_chat_message(call: Call, chat: str) -> Answer:
    found = render.find_chat(call, chat)
    return _posted(call, ChatMessage("", call.me.id, call.now(), "", "", chat_id=found.id))


def post_channel_message(call: Call, team: str, channel: str, message: str = "") -> Answer:
    found = render.find_channel(call, team, channel)
    if message:
        _find(_of(call, found), message)
    return _posted(
        call,
        ChatMessage("", call.me.id, call.now(), "", "", team_id=found.team_id, channel_id=found.id, reply_to=message),
    )


def _posted(call: Call, message: ChatMessage) -> Answer:
    body = call.json().get("body")
    if not isinstance(body, dict) or not isinstance(body.get("content"), str):
        raise bad_request("Missing body content", "BadRequest")
    as_html = str(body.get("contentType", "text")).lower() == "html"
    message.html = body["content"] if as_html else html.escape(body["content"])
    message.text = html.unescape(plain(body["content"])) if as_html else body["content"]
    taken = {entry.id for entry in call.company.messages}
    stamp = int(message.sent.timestamp() * 1000)
    while str(stamp) in taken:
        stamp += 1
    message.id = str(stamp)
    call.company.messages.append(message)
    context = f"{call.base}/$metadata#{'/'.join(call.segments)}/$entity"
    return Answer({"@odata.context": context, **render.message_json(call, message)}, 201)
