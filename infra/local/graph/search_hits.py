"""One search hit of each kind: what its resource and its text look like."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.local.company.model import ChatMessage, Event, Item, Mail, Person, Site
from infra.local.company.work_model import ListItem
from infra.local.graph import drive_render, mail_render, people, sites
from infra.local.graph.calendar_render import event_json
from infra.local.graph.call import Call, iso


@dataclass(slots=True)
class Hit:
    id: str
    text: str
    resource: Callable[[], dict[str, Any]]
    item: Item | None = None


def person_hit(person: Person) -> Hit:
    return Hit(person.id, person.name, lambda: {"@odata.type": "#microsoft.graph.person", **people.person_json(person)})


def site_hit(call: Call, site: Site) -> Hit:
    return Hit(
        site.id, site.display_name, lambda: {"@odata.type": "#microsoft.graph.site", **sites.site_json(call, site)}
    )


def mail_hit(call: Call, mail: Mail) -> Hit:
    def resource() -> dict[str, Any]:
        names = [
            "createdDateTime",
            "lastModifiedDateTime",
            "receivedDateTime",
            "sentDateTime",
            "hasAttachments",
            "internetMessageId",
            "subject",
        ]
        names += [
            "bodyPreview",
            "importance",
            "isRead",
            "webLink",
            "sender",
            "from",
            "conversationId",
            "parentFolderId",
            "replyTo",
            "isDraft",
        ]
        shown = {name: mail_render.get(call, mail, name) for name in names}
        return {"@odata.type": "#microsoft.graph.message", "id": mail.id, **shown}

    return Hit(mail.id, f"{mail.subject} {mail.body_text}", resource)


def event_hit(call: Call, event: Event) -> Hit:
    return Hit(event.id, event.subject, lambda: {"@odata.type": "#microsoft.graph.event", **event_json(call, event)})


def chat_hit(call: Call, message: ChatMessage) -> Hit:
    def resource() -> dict[str, Any]:
        author = call.people.get(message.author_id)
        team = next((team for team in call.company.teams if team.id == message.team_id), None)
        place: dict[str, Any] = (
            {"chatId": message.chat_id}
            if message.chat_id
            else {"channelIdentity": {"teamId": team.group_id if team else "", "channelId": message.channel_id}}
        )
        return {
            "@odata.type": "#microsoft.graph.chatMessage",
            "id": message.id,
            "createdDateTime": iso(message.sent),
            "lastModifiedDateTime": iso(message.sent),
            "subject": "",
            "importance": "normal",
            "webLink": f"https://teams.microsoft.com/l/message/{message.chat_id or message.channel_id}/{message.id}",
            "from": {"emailAddress": {"name": author.name if author else "", "address": author.mail if author else ""}},
            **place,
        }

    return Hit(message.id, message.text, resource)


def item_hit(call: Call, item: Item, kind: str) -> Hit:
    def resource() -> dict[str, Any]:
        shown = drive_render.item_json(call, item, ["id"])
        if kind == "driveItem":
            return {"@odata.type": "#microsoft.graph.driveItem", **shown}
        fields = {"title": item.name, "author": shown["createdBy"]["user"]["displayName"]}
        kept = {
            name: shown[name]
            for name in (
                "createdBy",
                "createdDateTime",
                "id",
                "lastModifiedBy",
                "lastModifiedDateTime",
                "name",
                "parentReference",
                "webUrl",
            )
        }
        return {"@odata.type": "#microsoft.graph.listItem", **kept, "fields": fields}

    return Hit(item.id, item.text or item.name, resource, item)


def entry_hit(call: Call, entry: ListItem) -> Hit:
    """An entry of a list comes with few of its columns: title and author unless more are asked for."""

    def resource() -> dict[str, Any]:
        shown = sites.list_item_json(call, entry)
        kept = (
            "id",
            "createdBy",
            "createdDateTime",
            "lastModifiedBy",
            "lastModifiedDateTime",
            "parentReference",
            "webUrl",
            "sharepointIds",
        )
        author = shown["createdBy"]["user"]["displayName"]
        return {
            "@odata.type": "#microsoft.graph.listItem",
            **{name: shown[name] for name in kept},
            "fields": {"title": entry.title, "author": author},
        }

    return Hit(entry.id, " ".join([entry.title, *entry.columns.values()]), resource)
