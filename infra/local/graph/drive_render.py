"""Drives and their items as SharePoint's part of Graph writes them, trimmed to what the caller may see."""

import hashlib
import uuid
import zlib
from typing import Any
from urllib.parse import quote

from infra.local.company.model import Drive, Item
from infra.local.graph.addresses import find_drive
from infra.local.graph.call import Call, Refused, iso
from infra.local.graph.errors import not_found
from infra.local.graph.files_content import download_url

QUOTA = 1_099_511_627_776


def visible(call: Call, item: Item) -> bool:
    return call.caller.app_only or call.access.can_read(call.caller.person_id, item)


def find_item(call: Call, drive_id: str, item_id: str) -> Item:
    """Raises `Refused` (404) also for what the caller may not know of."""
    drive = find_drive(call, drive_id)
    wanted = drive.root_id if item_id == "root" else item_id
    for item in call.company.items:
        if item.id == wanted and item.drive_id == drive_id:
            # A drive's root can be named by everybody who sees anything in it.
            if visible(call, item) or (item.id == drive.root_id and visible_drive(call, drive)):
                return item
            break
    raise not_found("files")


def visible_drive(call: Call, drive: Drive) -> bool:
    mine = call.caller.app_only or drive.owner_id == call.caller.person_id
    return mine or any(item.drive_id == drive.id and visible(call, item) for item in call.company.items)


def seen_drive(call: Call, drive_id: str) -> Drive:
    drive = find_drive(call, drive_id)
    if not visible_drive(call, drive):
        raise Refused(404, "itemNotFound", "Item not found")
    return drive


def children(call: Call, item: Item) -> list[Item]:
    inside = [
        child
        for child in call.company.items
        if child.parent_id == item.id and child.drive_id == item.drive_id and visible(call, child)
    ]
    return sorted(inside, key=lambda child: (not child.is_folder, child.name.casefold()))


def path_of(call: Call, item: Item) -> str:
    """`/Folder/file.docx` below the drive's root; empty for the root itself."""
    by_id = {other.id: other for other in call.company.items if other.drive_id == item.drive_id}
    names: list[str] = []
    current: Item | None = item
    while current is not None and current.parent_id:
        names.append(current.name)
        current = by_id.get(current.parent_id)
    return "".join(f"/{name}" for name in reversed(names))


def web_url(call: Call, item: Item) -> str:
    return find_drive(call, item.drive_id).web_url.rstrip("/") + quote(path_of(call, item))


def tag(item: Item) -> str:
    """Changes with content and name."""
    return f"{zlib.crc32(item.data) ^ zlib.crc32(f'{item.name}{item.parent_id}{item.modified}'.encode()):08x}"


def user(call: Call, person_id: str) -> dict[str, Any]:
    person = call.people.get(person_id)
    if person is None:
        return {"user": {"displayName": "SharePoint App"}}
    return {"user": {"email": person.mail, "id": person.id, "displayName": person.name}}


def parent_reference(call: Call, item: Item) -> dict[str, Any]:
    drive = find_drive(call, item.drive_id)
    reference: dict[str, Any] = {"driveType": drive.kind, "driveId": drive.id}
    if item.parent_id:
        parent_path = path_of(call, item).rpartition("/")[0]
        name = parent_path.rpartition("/")[2] or "root"
        reference |= {"id": item.parent_id, "name": name, "path": f"/drives/{drive.id}/root:{quote(parent_path)}"}
    return reference | ({"siteId": drive.site_id} if drive.site_id else {})


def size_of(call: Call, item: Item) -> int:
    if not item.is_folder:
        return len(item.data)
    return sum(
        size_of(call, child)
        for child in call.company.items
        if child.parent_id == item.id and child.drive_id == item.drive_id
    )


def item_json(call: Call, item: Item, select: list[str] | None = None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "createdDateTime": iso(item.created),
        "eTag": f'"{{{item.id}}},{tag(item)}"',
        "id": item.id,
        "lastModifiedDateTime": iso(item.modified),
        "name": item.name if item.parent_id else "root",
        "webUrl": web_url(call, item),
        "cTag": f'"c:{{{item.id}}},{tag(item)}"',
        "size": size_of(call, item),
        "createdBy": user(call, item.created_by),
        "lastModifiedBy": user(call, item.modified_by),
        "parentReference": parent_reference(call, item),
        "fileSystemInfo": {"createdDateTime": iso(item.created), "lastModifiedDateTime": iso(item.modified)},
    }
    if item.is_folder:
        shown["folder"] = {"childCount": len(children(call, item))}
    else:
        digest = hashlib.sha256(item.data).hexdigest()
        shown["file"] = {"mimeType": item.mime, "hashes": {"quickXorHash": digest[:28]}}
        if not select or any("downloadurl" in name.lower() for name in select):
            shown = {"@microsoft.graph.downloadUrl": download_url(call.world, call.origin, item), **shown}
    if not item.parent_id:
        shown["root"] = {}
    if len(item.grants) > 0 and item.parent_id:
        shown["shared"] = {"scope": "users"}
    if item.label:
        shown["sensitivityLabel"] = {"id": label_id(item.label), "displayName": item.label, "protectionEnabled": False}
    return shown


def label_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"label:{name}"))


def drive_json(call: Call, drive: Drive) -> dict[str, Any]:
    used = sum(len(item.data) for item in call.company.items if item.drive_id == drive.id)
    group = next((group for group in call.company.groups if group.id == drive.owner_id), None)
    owner = (
        {"group": {"email": group.mail, "id": group.id, "displayName": group.name}}
        if group
        else user(call, drive.owner_id)
    )
    return {
        "createdDateTime": iso(call.company.today.replace(year=call.company.today.year - 2)),
        "description": "",
        "id": drive.id,
        "lastModifiedDateTime": iso(
            max((item.modified for item in call.company.items if item.drive_id == drive.id), default=call.now())
        ),
        "name": drive.name,
        "webUrl": drive.web_url,
        "driveType": drive.kind,
        "createdBy": {"user": {"displayName": "System Account"}},
        "owner": owner,
        "quota": {"deleted": 0, "remaining": QUOTA - used, "state": "normal", "total": QUOTA, "used": used},
    }
