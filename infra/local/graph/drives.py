"""Reading drives: items, children, search in a drive, what is recent or shared, changes, permissions, thumbnails."""

import re
import secrets
from typing import Any

from infra.local.company.model import Drive, Item
from infra.local.graph import drive_render as render
from infra.local.graph.call import Answer, Call, Refused, parse_time
from infra.local.graph.errors import refusal
from infra.local.graph.files_content import CONVERTIBLE, download_url
from infra.local.graph.paging import Listing, chosen, link, listed, of_json
from infra.local.graph.search_files import word_search
from infra.local.graph.state import Delta


def get_drive(call: Call, drive: str) -> Answer:
    shown = render.drive_json(call, render.seen_drive(call, drive))
    return Answer({"@odata.context": f"{call.base}/$metadata#drives/$entity", **chosen(shown, call.select())})


def my_drives(call: Call) -> Answer:
    return _drives(call, [drive for drive in call.company.drives if call.user and drive.owner_id == call.user.id])


def group_drives(call: Call, group: str) -> Answer:
    return _drives(call, [drive for drive in call.company.drives if drive.owner_id == group])


def site_drives(call: Call, site: str) -> Answer:
    return _drives(call, [drive for drive in call.company.drives if drive.site_id == site])


def _drives(call: Call, drives: list[Drive]) -> Answer:
    rows = [render.drive_json(call, drive) for drive in drives if render.visible_drive(call, drive)]
    return of_json(rows, call, context="drives")


def get_root(call: Call, drive: str) -> Answer:
    return get_item(call, drive, "root")


def get_item(call: Call, drive: str, item: str) -> Answer:
    found = render.find_item(call, drive, item)
    shown = chosen(render.item_json(call, found, call.select()), call.select())
    if "children" in call.query.get("expand", "").lower():
        shown["children"] = [render.item_json(call, child) for child in render.children(call, found)]
    return Answer({"@odata.context": f"{call.base}/$metadata#drives('{drive}')/items/$entity", **shown})


def no_item(call: Call, drive: str, item: str, name: str) -> Answer:
    raise Refused(404, "itemNotFound", "The resource could not be found.")


def list_children(call: Call, drive: str, item: str) -> Answer:
    found = render.find_item(call, drive, item)
    if not found.is_folder and found.parent_id:
        return items_answer(call, [])
    return items_answer(call, render.children(call, found))


def items_answer(call: Call, items: list[Item], *, top: int = 200) -> Answer:
    thumbnails = "thumbnails" in call.query.get("expand", "").lower()

    def shown(item: Item, select: list[str]) -> dict[str, Any]:
        row = chosen(render.item_json(call, item, select), select)
        return row | {"thumbnails": [thumbnail_set(call, item)]} if thumbnails and not item.is_folder else row

    how = Listing(shown, lambda item, name: render.item_json(call, item).get(name), top)
    return listed(call, items, how, context="Collection(driveItem)")


def search_drive(call: Call, drive: str, item: str) -> Answer:
    """`search(q='...')`: every word in name or text, below the item."""
    below = render.find_item(call, drive, item)
    found = [
        hit for hit in word_search(call, call.arguments.get("q", "")) if hit.drive_id == drive and hit.id != below.id
    ]
    if below.parent_id:
        found = [hit for hit in found if render.path_of(call, hit).startswith(render.path_of(call, below) + "/")]
    return _with_search_result(items_answer(call, found))


def search_all(call: Call, drive: str) -> Answer:
    return _with_search_result(items_answer(call, word_search(call, call.arguments.get("q", ""))))


def _with_search_result(answer: Answer) -> Answer:
    if isinstance(answer.body, dict):
        for row in answer.body["value"]:
            row["searchResult"] = {"onClickTelemetryUrl": row.get("webUrl", "")}
    return answer


def recent(call: Call, drive: str) -> Answer:
    mine = [
        item
        for item in call.company.items
        if not item.is_folder and call.caller.person_id in {item.modified_by, item.created_by}
    ]
    mine = sorted((item for item in mine if render.visible(call, item)), key=lambda item: item.modified, reverse=True)
    return of_json([_remote(call, item) for item in mine], call, context="Collection(driveItem)")


def shared_with_me(call: Call, drive: str) -> Answer:
    person = call.caller.person_id
    shared = [
        item
        for item in call.company.items
        if any(grant.person_id == person and grant.role != "owner" for grant in item.grants)
        and render.visible(call, item)
    ]
    return of_json([_remote(call, item) for item in shared], call, context="Collection(driveItem)")


def _remote(call: Call, item: Item) -> dict[str, Any]:
    shown = render.item_json(call, item)
    accessed = {"fileSystemInfo": {**shown["fileSystemInfo"], "lastAccessedDateTime": shown["lastModifiedDateTime"]}}
    return {**shown, **accessed, "remoteItem": {**shown, **accessed}}


def content(call: Call, drive: str, item: str) -> Answer:
    """302 to a pre-authenticated address. Conversion is not done here: 406 for what Microsoft does not convert either, else 501."""
    found = render.find_item(call, drive, item)
    if found.is_folder:
        raise Refused(400, "invalidRequest", "You cannot get content for a folder")
    wanted = call.query.get("format")
    if wanted is not None:
        known = wanted == "pdf" and found.name.rpartition(".")[2].lower() in CONVERTIBLE
        raise refusal(501 if known else 406, "files", message="The file cannot be converted to the requested format.")
    return Answer(None, 302, {"Location": download_url(call.world, call.origin, found)})


def thumbnails(call: Call, drive: str, item: str) -> Answer:
    found = render.find_item(call, drive, item)
    rows = [] if found.is_folder else [thumbnail_set(call, found)]
    call.query.pop("select", None)
    return of_json(rows, call, context="Collection(thumbnailSet)")


def thumbnail_set(call: Call, item: Item) -> dict[str, Any]:
    address = download_url(call.world, call.origin, item)
    sizes = {"small": (96, 64), "medium": (176, 117), "large": (800, 533)}
    custom = re.fullmatch(r"c(\d{1,4})x(\d{1,4})(_crop)?", call.query.get("select", ""))
    if custom:
        sizes = {custom[0]: (int(custom[2]), int(custom[1]))}
    return {
        "id": "0",
        **{name: {"height": high, "width": wide, "url": address} for name, (wide, high) in sizes.items()},
    }


def versions(call: Call, drive: str, item: str) -> Answer:
    shown = render.item_json(call, render.find_item(call, drive, item))
    row = {"id": "1.0", **{name: shown[name] for name in ("lastModifiedBy", "lastModifiedDateTime", "size")}}
    return of_json([row], call, context="Collection(driveItemVersion)")


def delta(call: Call, drive: str, item: str = "root") -> Answer:
    """Changes below a drive's root (driveitem-delta); `token=latest` starts from now."""
    render.find_item(call, drive, item)
    token = call.arguments.get("token") or call.query.get("token") or call.query.get("skiptoken")
    present = {
        found.id: found for found in call.company.items if found.drive_id == drive and render.visible(call, found)
    }
    if token == "latest":
        state = Delta(drive, {item_id: _mark(found) for item_id, found in present.items()})
    elif token is None:
        state = Delta(drive, {})
    elif re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", token):
        since = parse_time(token)
        state = Delta(drive, {item_id: _mark(found) for item_id, found in present.items() if found.modified < since})
    elif token in call.state.deltas and call.state.deltas[token].scope == drive:
        kept = call.state.deltas[token]
        state = Delta(drive, dict(kept.known), list(kept.pending))
    else:
        raise refusal(410, "files")
    if "skiptoken" not in call.query:
        changed = [item_id for item_id, found in present.items() if state.known.get(item_id) != _mark(found)]
        state.pending = changed + [item_id for item_id in state.known if item_id not in present]
    return _delta_page(call, state, present)


def _mark(item: Item) -> str:
    return f"{item.name}/{render.tag(item)}"


def _delta_page(call: Call, state: Delta, present: dict[str, Item]) -> Answer:
    top = call.page_size(200)
    page, state.pending = state.pending[:top], state.pending[top:]
    value: list[dict[str, Any]] = []
    for item_id in page:
        found = present.get(item_id)
        if found is None:
            state.known.pop(item_id, None)
            value.append({"id": item_id, "deleted": {"state": "deleted"}, "parentReference": {"driveId": state.scope}})
        else:
            state.known[item_id] = _mark(found)
            value.append(chosen(render.item_json(call, found, call.select()), call.select()))
    token = secrets.token_urlsafe(24)
    call.state.deltas[token] = state
    call.query.pop("token", None)
    if state.pending:
        last = {"@odata.nextLink": link(call, {"skiptoken": token})}
    else:
        bare = f"{call.base}/drives/{state.scope}/root/delta?token={token}"
        last = {"@odata.deltaLink": bare}
    return Answer({"@odata.context": f"{call.base}/$metadata#Collection(driveItem)", **last, "value": value})
