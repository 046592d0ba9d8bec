"""Writing files: upload, upload session, folder, rename and move, delete, sharing."""

import secrets
from datetime import timedelta
from typing import Any, Literal

from infra.local.company.model import Grant, Item
from infra.local.graph import drive_render as render
from infra.local.graph.call import Answer, Call, Refused, iso
from infra.local.graph.errors import bad_request, refusal
from infra.local.graph.files_content import store
from infra.local.graph.permissions import grants, permission_json
from infra.local.graph.state import UploadSession

SMALL = 4 * 1024 * 1024
"""Bytes a simple PUT takes here; Microsoft's own limit has grown to 250 MB, older clients know 4."""
BEHAVIOUR = "@microsoft.graph.conflictBehavior"
SESSION_HOURS = 24
LinkScope = Literal["anonymous", "organization", "users"]
SCOPES: dict[str, LinkScope] = {"anonymous": "anonymous", "organization": "organization", "users": "users"}


def may_write(call: Call, item: Item) -> None:
    """Raises `Refused` (403)."""
    person = call.caller.person_id
    groups = {group.id for group in call.company.groups if person in {*group.members, *group.owners}}
    for _, grant in grants(call, item):
        if grant.role in {"write", "owner"} and (
            grant.person_id == person or grant.group_id in groups or grant.link_scope
        ):
            return
    if not call.caller.app_only:
        raise refusal(403, "files")


def put_new(call: Call, drive: str, item: str, name: str) -> Answer:
    parent = render.find_item(call, drive, item)
    may_write(call, parent)
    behaviour = call.query.get(BEHAVIOUR, "replace")
    mime = call.headers.get("content-type", "").partition(";")[0]
    stored, created = store(call.world, drive, parent.id, name, _bytes(call), call.caller.person_id, behaviour, mime)
    return Answer(render.item_json(call, stored), 201 if created else 200)


def put_content(call: Call, drive: str, item: str) -> Answer:
    found = render.find_item(call, drive, item)
    may_write(call, found)
    _match(call, found)
    if found.is_folder:
        raise Refused(400, "invalidRequest", "Cannot write content to a folder")
    behaviour = call.query.get(BEHAVIOUR, "replace")
    mime = call.headers.get("content-type", "").partition(";")[0]
    stored, created = store(
        call.world, drive, found.parent_id, found.name, _bytes(call), call.caller.person_id, behaviour, mime
    )
    return Answer(render.item_json(call, stored), 201 if created else 200)


def _bytes(call: Call) -> bytes:
    data = call.body if isinstance(call.body, bytes) else b""
    if len(data) > SMALL:
        raise Refused(413, "invalidRequest", "The request is too large; use an upload session.")
    return data


def _match(call: Call, item: Item) -> None:
    wanted = call.headers.get("if-match", "")
    if wanted and wanted != "*" and render.tag(item) not in wanted:
        raise refusal(412, "files")


def session_new(call: Call, drive: str, item: str, name: str) -> Answer:
    return _session(call, render.find_item(call, drive, item), name, "fail")


def session_existing(call: Call, drive: str, item: str) -> Answer:
    found = render.find_item(call, drive, item)
    parent = render.find_item(call, drive, found.parent_id) if found.parent_id else found
    return _session(call, parent, found.name, "fail")


def _session(call: Call, parent: Item, name: str, behaviour: str) -> Answer:
    may_write(call, parent)
    wanted = call.body.get("item") if isinstance(call.body, dict) else None
    wanted = wanted if isinstance(wanted, dict) else {}
    behaviour = str(wanted.get(BEHAVIOUR) or behaviour)
    name = str(wanted.get("name") or name)
    taken = any(
        child.parent_id == parent.id and child.name.casefold() == name.casefold() for child in call.company.items
    )
    if behaviour == "fail" and taken:
        raise refusal(409, "files")
    token = secrets.token_urlsafe(32)
    expires = call.now() + timedelta(hours=SESSION_HOURS)
    call.state.uploads[token] = UploadSession(
        parent.drive_id, parent.id, name, behaviour, call.caller.person_id, expires
    )
    return Answer(
        {
            "uploadUrl": f"{call.origin}/v1.0/upload/{token}",
            "expirationDateTime": iso(expires),
            "nextExpectedRanges": ["0-"],
        }
    )


def create_child(call: Call, drive: str, item: str) -> Answer:
    parent = render.find_item(call, drive, item)
    may_write(call, parent)
    body = call.json()
    name = body.get("name")
    if not isinstance(name, str) or not name or "folder" not in body:
        raise bad_request("Only folders can be created here; upload a file's content instead.", "invalidRequest")
    stored, _ = store(call.world, drive, parent.id, name, b"", call.caller.person_id, str(body.get(BEHAVIOUR, "fail")))
    stored.is_folder, stored.mime = True, ""
    return Answer(render.item_json(call, stored), 201)


def update(call: Call, drive: str, item: str) -> Answer:
    """Rename, or move by `parentReference.id`."""
    found = render.find_item(call, drive, item)
    may_write(call, found)
    _match(call, found)
    body = call.json()
    target = (body.get("parentReference") or {}).get("id")
    if isinstance(target, str) and "{" not in target:
        found.parent_id = render.find_item(call, drive, target).id
    if isinstance(body.get("name"), str):
        found.name = body["name"]
    found.modified, found.modified_by = call.now(), call.caller.person_id
    return Answer(render.item_json(call, found))


def delete(call: Call, drive: str, item: str) -> Answer:
    found = render.find_item(call, drive, item)
    may_write(call, found)
    _match(call, found)
    gone = {found.id}
    for _ in range(len(call.company.items)):
        more = {child.id for child in call.company.items if child.parent_id in gone} - gone
        if not more:
            break
        gone |= more
    call.company.items[:] = [child for child in call.company.items if child.id not in gone]
    return Answer(status=204)


def create_link(call: Call, drive: str, item: str) -> Answer:
    found = render.find_item(call, drive, item)
    may_write(call, found)
    body = call.json()
    scope = SCOPES.get(str(body.get("scope", "organization")))
    if scope is None:
        raise bad_request("The scope of the link is not known.", "invalidRequest")
    grant = Grant(secrets.token_urlsafe(12), role="write" if body.get("type") == "edit" else "read", link_scope=scope)
    found.grants.append(grant)
    shown = permission_json(call, grant, found, found)
    shown["link"]["type"] = str(body.get("type", "view"))
    shown["link"]["application"] = {"id": call.world.app_id, "displayName": call.world.bot_name}
    shown["link"]["webHtml"] = f'<iframe src="{shown["link"]["webUrl"]}"></iframe>'
    return Answer(shown, 201)


def invite(call: Call, drive: str, item: str) -> Answer:
    found = render.find_item(call, drive, item)
    may_write(call, found)
    body = call.json()
    rows: list[dict[str, Any]] = []
    for recipient in body.get("recipients") or []:
        address = str(recipient.get("email", "")) if isinstance(recipient, dict) else ""
        person = next((person for person in call.company.people if person.mail.casefold() == address.casefold()), None)
        if person is None:
            raise bad_request("One or more users could not be resolved.", "invalidRequest")
        grant = Grant(
            secrets.token_urlsafe(12), person.id, role="write" if "write" in (body.get("roles") or []) else "read"
        )
        found.grants.append(grant)
        sign_in = {"email": address, "signInRequired": body.get("requireSignIn") is not False}
        expires = {"expirationDateTime": body["expirationDateTime"]} if "expirationDateTime" in body else {}
        rows.append(
            {**permission_json(call, grant, found, found), "hasPassword": False, "invitation": sign_in, **expires}
        )
    return Answer({"value": rows})
