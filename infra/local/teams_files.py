"""What people put into Teams messages besides words: files in their OneDrive or the channel's folder, and pasted pictures."""

import hashlib
import json
import uuid
from typing import Any
from urllib.parse import quote

from infra.local.company.model import Item, Person
from infra.local.connector_state import StoredAttachment, channel, connector_state, split
from infra.local.graph import files_content
from infra.local.teams_carried import carried
from infra.local.world import World

FILE = "application/vnd.microsoft.teams.file.download.info"
FOLDER = "Microsoft Teams Chat Files"


def file(world: World, person: str, name: str, data: bytes, mime: str = "application/octet-stream") -> dict[str, Any]:
    """The attachment of a personal message: the file lies in the person's OneDrive, and its link is pre-authenticated."""
    who = world.person(person)
    item = _stored(world, _own_drive(world, who), name, data, mime, who)
    return {
        "contentType": FILE,
        "name": item.name,
        "contentUrl": address(world, item),
        "content": {
            "downloadUrl": files_content.download_url(world, world.urls.http, item),
            "uniqueId": item.id,
            "fileType": item.name.rpartition(".")[2],
        },
    }


def picture(world: World, data: bytes, mime: str = "image/png") -> dict[str, Any]:
    """The attachment of a pasted picture: only the bot's own token opens it."""
    id = f"0-neu-d1-{uuid.uuid4().hex}"
    connector_state(world).attachments[id] = StoredAttachment("image", mime, data)
    return {"contentType": "image/*", "contentUrl": f"{world.urls.service_url}v3/attachments/{id}/views/original"}


def forwarded(text: str, author: str, message_id: str = "1763805600123") -> dict[str, Any]:
    """The attachment of a forwarded message, as chatMessageAttachment documents it."""
    said = {
        "originalMessageId": message_id,
        "originalMessageContent": f"<p>{text}</p>",
        "originalConversationId": "19:somewhere@thread.v2",
        "originalMessageSender": {"application": None, "device": None, "user": {"displayName": author}},
    }
    return {"contentType": "forwardedMessageReference", "content": json.dumps(said)}


def carry(
    world: World,
    activity: dict[str, Any],
    *,
    files: dict[str, bytes] | None = None,
    pictures: list[bytes] | None = None,
) -> dict[str, Any]:
    """Puts files (by name) and pictures into a message of a shared place: marks in the HTML, the rest in Graph."""
    who = world.person(activity["from"]["aadObjectId"])
    place = channel(world, split(activity["conversation"]["id"])[0])
    found, marks = carried(world, activity["id"]), ""
    for name, data in (files or {}).items():
        where = (place.drive_id, place.folder_id) if place is not None else _own_drive(world, who)
        item = _stored(world, where, name, data, "application/octet-stream", who)
        id = str(uuid.uuid4())
        reference = {"id": id, "contentType": "reference", "contentUrl": address(world, item), "content": None}
        found.attachments.append({**reference, "name": item.name, "thumbnailUrl": None, "teamsAppId": None})
        marks += f'<attachment id="{id}"></attachment>'
    for data in pictures or []:
        id = hashlib.sha256(data).hexdigest()[:40]
        found.hosted[id] = data
        marks += (
            f'<p><img src="https://eu-prod.asyncgw.teams.microsoft.com/v1/objects/{id}/views/imgo" itemid="{id}"></p>'
        )
    twin = next(a for a in activity["attachments"] if a["contentType"] == "text/html")
    twin["content"] = twin["content"] + marks
    return activity


def address(world: World, item: Item) -> str:
    """The file's `webUrl`."""
    by_id = {other.id: other for other in world.company.items if other.drive_id == item.drive_id}
    names: list[str] = []
    current: Item | None = item
    while current is not None and current.parent_id:
        names.insert(0, current.name)
        current = by_id.get(current.parent_id)
    drive = next(drive for drive in world.company.drives if drive.id == item.drive_id)
    return f"{drive.web_url.rstrip('/')}/{quote('/'.join(names))}"


def _own_drive(world: World, who: Person) -> tuple[str, str]:
    """(drive, the folder Teams keeps sent files in)"""
    drive = next(d for d in world.company.drives if d.owner_id == who.id and d.kind == "business")
    items = world.company.items
    folder = next((i for i in items if i.drive_id == drive.id and i.name == FOLDER and i.is_folder), None)
    if folder is None:
        now = world.clock.now()
        folder = Item(
            f"01{uuid.uuid4().hex.upper()}", drive.id, drive.root_id, FOLDER, now, now, who.id, who.id, is_folder=True
        )
        items.append(folder)
    return drive.id, folder.id


def _stored(world: World, where: tuple[str, str], name: str, data: bytes, mime: str, who: Person) -> Item:
    return files_content.store(world, *where, name, data, who.id, "rename", mime)[0]
