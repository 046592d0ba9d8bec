"""Who may open an item: owners see every permission, others what concerns them (driveitem-list-permissions)."""

from collections.abc import Iterator
from typing import Any

from infra.local.company.model import Grant, Item
from infra.local.graph import drive_render as render
from infra.local.graph.addresses import find_drive
from infra.local.graph.call import Answer, Call
from infra.local.graph.errors import not_found
from infra.local.graph.paging import chosen, of_json


def list_permissions(call: Call, drive: str, item: str) -> Answer:
    found = render.find_item(call, drive, item)
    rows = [permission_json(call, grant, source, found) for source, grant in _shown(call, found)]
    return of_json(rows, call, context="permissions")


def get_permission(call: Call, drive: str, item: str, permission: str) -> Answer:
    found = render.find_item(call, drive, item)
    for source, grant in _shown(call, found):
        if grant.id == permission:
            return Answer(chosen(permission_json(call, grant, source, found), call.select()))
    raise not_found("files")


def grants(call: Call, item: Item) -> Iterator[tuple[Item, Grant]]:
    """(where it was given, grant): the item's own and what it inherits."""
    by_id = {other.id: other for other in call.company.items if other.drive_id == item.drive_id}
    current: Item | None = item
    while current is not None:
        for grant in current.grants:
            yield current, grant
        current = None if current.break_inheritance else by_id.get(current.parent_id)


def _shown(call: Call, item: Item) -> list[tuple[Item, Grant]]:
    everything = list(grants(call, item))
    return everything if _owns(call, item, everything) else [entry for entry in everything if _concerns(call, entry[1])]


def _owns(call: Call, item: Item, everything: list[tuple[Item, Grant]]) -> bool:
    person = call.caller.person_id
    if call.caller.app_only or find_drive(call, item.drive_id).owner_id == person:
        return True
    return any(grant.role in {"owner", "write"} and _concerns(call, grant) for _, grant in everything)


def _concerns(call: Call, grant: Grant) -> bool:
    person = call.caller.person_id
    group = next((group for group in call.company.groups if group.id == grant.group_id), None)
    in_group = group is not None and person in {*group.members, *group.owners}
    by_link = grant.link_scope == "anonymous" or (
        grant.link_scope == "organization" and not call.people[person].is_guest
    )
    return grant.person_id == person or in_group or by_link


def permission_json(call: Call, grant: Grant, source: Item, item: Item) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": grant.id, "roles": [grant.role], "shareId": f"u!{grant.id}"}
    identities = _identities(call, grant)
    if grant.link_scope:
        kind = "view" if grant.role == "read" else "edit"
        shown["link"] = {
            "scope": grant.link_scope,
            "type": kind,
            "webUrl": f"{render.web_url(call, item)}?share={grant.id}",
            "preventsDownload": False,
        }
        shown["grantedToIdentitiesV2"] = [identities] if identities else []
        shown["grantedToIdentities"] = [{"user": identities["user"]}] if "user" in identities else []
        shown["hasPassword"] = False
    else:
        shown["@deprecated.GrantedTo"] = "GrantedTo has been deprecated. Refer to GrantedToV2"
        shown["grantedToV2"] = identities
        shown["grantedTo"] = {"user": identities.get("user") or identities.get("siteGroup") or {}}
    if source.id != item.id:
        shown["inheritedFrom"] = {
            "driveId": source.drive_id,
            "id": source.id,
            "path": f"/drives/{source.drive_id}/root:{render.path_of(call, source)}",
        }
    return shown


def _identities(call: Call, grant: Grant) -> dict[str, Any]:
    """A person, or a group as SharePoint shows it, with the site's own view of it beside."""
    person = call.people.get(grant.person_id)
    if person is not None:
        login = f"i:0#.f|membership|{person.mail}"
        return {
            "user": {"id": person.id, "displayName": person.name, "email": person.mail},
            "siteUser": {"id": "1", "displayName": person.name, "loginName": login, "email": person.mail},
        }
    group = next((group for group in call.company.groups if group.id == grant.group_id), None)
    if group is None:
        return {}
    login = f"c:0o.c|federateddirectoryclaimprovider|{group.id}"
    return {
        "group": {"id": group.id, "displayName": group.name, "email": group.mail},
        "siteUser": {"id": "2", "displayName": group.name, "loginName": login, "email": group.mail},
    }
