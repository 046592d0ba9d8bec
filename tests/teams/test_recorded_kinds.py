"""Every kind of activity Teams sends, as recorded: its answer, whether it is kept for work, and what we read in it."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.context import Incoming, Place
from bot.teams.activities import incoming
from tests.teams.wires import BOT, TENANT, USER, Bench, message

CHANNEL, THREAD = "19:chan@thread.tacv2", "19:chan@thread.tacv2;messageid=1763805600123"
TEAM = {
    "teamsChannelId": CHANNEL, "teamsTeamId": "19:team@thread.tacv2", "channel": {"id": CHANNEL},
    "team": {"id": "19:team@thread.tacv2"}, "tenant": {"id": TENANT},
}  # fmt: skip
MENTION = {"type": "mention", "mentioned": {"id": BOT, "name": "Ada"}, "text": "<at>Ada</at>"}
HTML = {"contentType": "text/html", "content": "<div>plan <strong>my</strong> week</div>"}
FILE = {
    "contentType": "application/vnd.microsoft.teams.file.download.info", "name": "plan.docx",
    "contentUrl": "https://org-my.sharepoint.com/personal/ana/Documents/plan.docx",
    "content": {"downloadUrl": "https://org-my.sharepoint.com/d?tempauth=x", "uniqueId": "1150D938", "fileType": "docx"},
}  # fmt: skip
QUOTE = {
    "type": "quotedReply",
    "quotedReply": {"messageId": "1772050244572", "senderId": "8:orgid:x", "senderName": "Ana", "preview": "first words",
                    "time": "1772050244572", "isReplyDeleted": False, "validatedMessageReference": True},
}  # fmt: skip
MEETING = {"tenant": {"id": TENANT}, "meeting": {"id": "MCMxOTptZWV0aW5n"}}


def where(kind: str, id: str) -> dict[str, Any]:
    group = {"isGroup": True} if kind != "personal" else {}
    return {**group, "conversationType": kind, "tenantId": TENANT, "id": id}


def channel(**more: Any) -> dict[str, Any]:
    return {"conversation": where("channel", THREAD), "channelData": TEAM, "entities": [MENTION], **more}


def team_event(name: str) -> dict[str, Any]:
    data = {**TEAM, "eventType": name}
    return {"type": "conversationUpdate", "conversation": where("channel", "19:team@thread.tacv2"), "channelData": data}


@dataclass(frozen=True, slots=True)
class Kind:
    """`read` is what `incoming` makes of the interesting fields; `kept` whether it is admitted."""

    changes: dict[str, Any]
    read: dict[str, Any] = field(default_factory=dict)
    kept: bool = True


KINDS = {
    "personal": Kind({"text": "plan my week", "attachments": [HTML]}, {"text": "plan my week", "sent": (), "mentioned": True}),
    "submit": Kind({"text": "", "value": {"x": 1}, "replyToId": "17"}, {"value": {"x": 1}, "reply_to": "17", "mentioned": True}),
    "root": Kind(channel(text="<at>Ada</at> hi", id="1763805600123"), {"text": "hi", "place": Place.CHANNEL, "mentioned": True}),
    "reply": Kind(channel(text="so, <at>Ada</at>?", id="1763805700456"), {"id": "1763805700456", "conversation": THREAD}),
    "overheard": Kind(channel(text="not for you", entities=[]), {"mentioned": False}),
    "group": Kind({"conversation": where("groupChat", "19:x@thread.v2"), "text": "<at>Ada</at> hi", "entities": [MENTION]},
                  {"text": "hi", "place": Place.GROUP}),
    "meeting": Kind({"conversation": where("groupChat", "19:meeting_x@thread.v2"), "text": "<at>Ada</at> hi",
                     "entities": [MENTION], "channelData": MEETING}, {"text": "hi", "place": Place.GROUP}),
    "reaction": Kind({"type": "messageReaction", "id": "f:9f78", "reactionsAdded": [{"type": "like"}], "replyToId": "17"}),
    "reaction gone": Kind({"type": "messageReaction", "id": "f:9", "reactionsRemoved": [{"type": "1f440_eyes"}], "replyToId": "17"}),
    "edit": Kind({"type": "messageUpdate", "text": "new", "channelData": {"tenant": {"id": TENANT}, "eventType": "editMessage"}},
                 {"text": "new", "action": "edited"}),
    "undelete": Kind({"type": "messageUpdate", "channelData": {"tenant": {"id": TENANT}, "eventType": "undeleteMessage"}}),
    "delete": Kind({"type": "messageDelete", "channelData": {"tenant": {"id": TENANT}, "eventType": "softDeleteMessage"}}),
    "targeted": Kind(channel(text="in private", entities=[], recipient={"id": BOT, "name": "Ada", "isTargeted": True}),
                     {"text": "in private", "targeted": True, "mentioned": True}),
    "quote": Kind({"text": '<quoted messageId="1772050244572"/> and this?', "entities": [QUOTE]}, {"text": "and this?", "quotes": 1}),
    "file": Kind({"text": "read this", "attachments": [FILE]}, {"kinds": ["file"]}),
    "picture": Kind({"text": "and this", "attachments": [
        {"contentType": "image/png", "contentUrl": "{service}v3/attachments/a/views/original"}]}, {"kinds": ["image"]}),
    **{f"install {action}": Kind({"type": "installationUpdate", "action": action, "id": "f:1"})
       for action in ("add", "remove", "add-upgrade", "remove-upgrade")},
    "bot added": Kind({"type": "conversationUpdate", "membersAdded": [{"id": BOT}]}),
    "member gone": Kind({"type": "conversationUpdate", "membersRemoved": [{"id": USER}]}),
    **{f"team: {name}": Kind(team_event(name)) for name in (
        "teamMemberAdded", "teamMemberRemoved", "channelCreated", "channelDeleted", "channelRenamed", "channelRestored",
        "teamArchived", "teamUnarchived", "teamDeleted", "teamHardDeleted", "teamRenamed", "teamRestored")},
    **{f"event: {name}": Kind({"type": "event", "name": name, "value": {}}, kept=False) for name in (
        "application/vnd.microsoft.readReceipt", "application/vnd.microsoft.meetingStart", "application/vnd.microsoft.meetingEnd",
        "application/vnd.microsoft.meetingParticipantJoin", "application/vnd.microsoft.meetingParticipantLeave", "tokens/response")},
    "typing": Kind({"type": "typing"}, kept=False),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
async def test_each_recorded_kind(endpoint: Bench, name: str) -> None:
    kind = KINDS[name]
    activity = message(endpoint.service_url, **kind.changes)
    for attachment in activity.get("attachments") or ():
        attachment["contentUrl"] = attachment.get("contentUrl", "").replace("{service}", endpoint.service_url)
    assert await endpoint.post(activity) == (202, None)
    assert len(endpoint.admitted) == (1 if kind.kept else 0)
    if kind.read:
        found = _read(incoming(endpoint.admitted[0]))
        assert {key: found[key] for key in kind.read} == kind.read


async def test_repeated_deliveries_have_one_key(endpoint: Bench) -> None:
    """The inbox is unique by it."""
    for kind in KINDS.values():
        if kind.kept:
            endpoint.admitted_as.clear()
            activity = message(endpoint.service_url, **kind.changes)
            await endpoint.post(activity)
            await endpoint.post(activity)
            assert len(set(endpoint.admitted_as)) == 1


def _read(said: Incoming) -> dict[str, Any]:
    return {
        "id": said.id, "text": said.text, "value": said.value, "reply_to": said.reply_to, "sent": said.sent,
        "mentioned": said.mentioned, "targeted": said.targeted, "action": said.action, "place": said.reference.place,
        "conversation": said.reference.id, "quotes": len(said.quoted), "kinds": [one.kind for one in said.sent],
    }  # fmt: skip
