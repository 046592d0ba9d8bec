"""Sites, their lists, and items by sharing address."""

import base64
import binascii
import uuid
from typing import Any
from urllib.parse import quote, unquote

from infra.local.company.model import Item, Site
from infra.local.company.work_model import ListItem
from infra.local.graph import drive_render as render
from infra.local.graph.call import Answer, Call, Refused, iso
from infra.local.graph.errors import bad_request, not_found
from infra.local.graph.index import normalise, words
from infra.local.graph.paging import of_json, single


def visible_site(call: Call, site: Site) -> bool:
    if call.caller.app_only:
        return True
    group = next((group for group in call.company.groups if group.id == site.group_id), None)
    member = group is not None and call.caller.person_id in {*group.members, *group.owners}
    return member or any(render.visible_drive(call, drive) for drive in call.company.drives if drive.site_id == site.id)


def site_json(call: Call, site: Site) -> dict[str, Any]:
    drives = {drive.id for drive in call.company.drives if drive.site_id == site.id}
    moments = [item for item in call.company.items if item.drive_id in drives]
    return {
        "createdDateTime": iso(min((item.created for item in moments), default=call.now())),
        "description": "",
        "id": site.id,
        "lastModifiedDateTime": iso(max((item.modified for item in moments), default=call.now())),
        "name": site.name,
        "webUrl": site.web_url,
        "displayName": site.display_name,
        "root": {},
        "siteCollection": {"hostname": site.web_url.split("/")[2]},
    }


def get_site(call: Call, site: str) -> Answer:
    return single(call, site_json(call, find_site(call, site)), "sites")


def find_site(call: Call, site_id: str) -> Site:
    for site in call.company.sites:
        if (site.id == site_id or (site_id == "root" and site is call.company.sites[0])) and visible_site(call, site):
            return site
    raise not_found("files")


def search_sites(call: Call) -> Answer:
    wanted = words(call.query.get("search", "").strip('"'))
    rows = [
        site_json(call, site)
        for site in call.company.sites
        if visible_site(call, site)
        and all(f" {word}" in normalise(f"{site.display_name} {site.name}") for word in wanted)
    ]
    return of_json(rows, call, context="sites")


def list_lists(call: Call, site: str) -> Answer:
    found = find_site(call, site)
    return of_json([_list_json(call, found, *entry) for entry in _lists(call, found)], call, context="lists")


def _lists(call: Call, site: Site) -> list[tuple[str, str]]:
    """(what its id is made of, name)"""
    named = dict.fromkeys(item.list_name for item in call.company.list_items if item.site_id == site.id)
    drives = [(drive.id, drive.name) for drive in call.company.drives if drive.site_id == site.id]
    return [*drives, *((f"{site.id}/{name}", name) for name in named)]


def get_list(call: Call, site: str, name: str) -> Answer:
    found = find_site(call, site)
    for key, title in _lists(call, found):
        if name in {list_id(key), title}:
            return single(call, _list_json(call, found, key, title), "lists")
    raise not_found("files")


def list_items(call: Call, site: str, name: str) -> Answer:
    found = find_site(call, site)
    rows = [list_item_json(call, item) for item in call.company.list_items if _belongs(item, found, name)]
    return of_json(rows, call, context=f"sites('{site}')/lists('{name}')/items")


def get_list_item(call: Call, site: str, name: str, item: str) -> Answer:
    found = find_site(call, site)
    for one in call.company.list_items:
        if one.id == item and _belongs(one, found, name):
            return single(call, list_item_json(call, one), f"sites('{site}')/lists('{name}')/items")
    raise not_found("files")


def _belongs(item: ListItem, site: Site, name: str) -> bool:
    return item.site_id == site.id and name in {item.list_name, list_id(f"{site.id}/{item.list_name}")}


def list_item_json(call: Call, item: ListItem) -> dict[str, Any]:
    site = find_site(call, item.site_id)
    page = f"{site.web_url}/Lists/{quote(item.list_name)}"
    return {
        "@odata.etag": f'"{item.id},1"',
        "createdDateTime": iso(item.modified),
        "id": item.id,
        "lastModifiedDateTime": iso(item.modified),
        "webUrl": f"{page}/{item.id}_.000",
        "createdBy": render.user(call, item.author),
        "lastModifiedBy": render.user(call, item.author),
        "parentReference": {"siteId": site.id, "id": list_id(f"{site.id}/{item.list_name}")},
        "sharepointIds": {"listId": list_id(f"{site.id}/{item.list_name}"), "listItemId": item.id, "siteId": site.id},
        "contentType": {"id": "0x0100", "name": "Item"},
        "fields": {
            "Title": item.title,
            **{name.replace(" ", "_x0020_"): value for name, value in item.columns.items()},
        },
    }


def list_id(drive_id: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"list:{drive_id}"))


def _list_json(call: Call, site: Site, drive_id: str, name: str) -> dict[str, Any]:
    shown = site_json(call, site)
    return {
        "createdDateTime": shown["createdDateTime"],
        "description": "",
        "eTag": f'"{list_id(drive_id)},1"',
        "id": list_id(drive_id),
        "lastModifiedDateTime": shown["lastModifiedDateTime"],
        "name": name,
        "displayName": name,
        "webUrl": f"{site.web_url}/{'Lists/' if '/' in drive_id else ''}{quote(name)}",
        "parentReference": {"siteId": site.id},
        "list": {
            "contentTypesEnabled": False,
            "hidden": False,
            "template": "genericList" if "/" in drive_id else "documentLibrary",
        },
    }


def shared_item(call: Call, share: str) -> Answer:
    """`u!` and the address of the item in unpadded base64url; 403 for a file the caller may not open (shares-get)."""
    item = _shared(call, share)
    shown = render.item_json(call, item, call.select())
    if "children" in call.query.get("expand", ""):
        shown["children"] = [render.item_json(call, child) for child in render.children(call, item)]
    return single(call, shown, "shares")


def shared(call: Call, share: str) -> Answer:
    item = _shared(call, share)
    shown = {
        "id": share,
        "name": item.name,
        "owner": render.user(call, item.created_by),
        "webUrl": render.web_url(call, item),
    }
    return single(call, shown, "shares")


def _shared(call: Call, share: str) -> Item:
    if not share.startswith("u!"):
        raise bad_request("The sharing token is invalid.", "invalidRequest")
    raw = share[2:]
    try:
        address = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)).decode()
    except (ValueError, binascii.Error) as error:
        raise bad_request("The sharing token is invalid.", "invalidRequest") from error
    wanted = unquote(address.partition("?")[0]).rstrip("/")
    for item in call.company.items:
        if unquote(render.web_url(call, item)).rstrip("/") == wanted:
            if render.visible(call, item):
                return item
            raise Refused(403, "accessDenied", "Access denied")
    raise Refused(404, "itemNotFound", "The site or item could not be found.")
