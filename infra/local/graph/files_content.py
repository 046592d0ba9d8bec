"""Bytes of files: pre-authenticated, expiring download addresses with ranges, and upload sessions."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from infra.local.company.model import Item
from infra.local.graph import errors
from infra.local.graph.call import Answer, Refused, iso
from infra.local.graph.state import GraphState, UploadSession, graph_state
from infra.local.world import World

CHUNK = 327_680
"""Every chunk but the last is a multiple of this many bytes (driveitem-createuploadsession)."""
MAX_CHUNK = 60 * 1024 * 1024
CONVERTIBLE = frozenset(
    [
        "csv",
        "doc",
        "docx",
        "odp",
        "ods",
        "odt",
        "pot",
        "potm",
        "potx",
        "pps",
        "ppsx",
        "ppsxm",
        "ppt",
        "pptm",
        "pptx",
        "rtf",
        "xls",
        "xlsx",
    ]
)
"""To PDF (driveitem-get-content-format)."""


def download_url(world: World, origin: str, item: Item) -> str:
    """Needs no token and works for `GraphState.download_seconds`."""
    state = graph_state(world)
    expires = int(world.clock.now().timestamp()) + state.download_seconds
    claim = json.dumps([item.drive_id, item.id, expires]).encode()
    signed = base64.urlsafe_b64encode(_signature(state, claim) + claim).decode().rstrip("=")
    return f"{origin}/v1.0/download/{signed}"


def _signature(state: GraphState, claim: bytes) -> bytes:
    return hmac.digest(state.signing, claim, "sha256")[:16]


def download(world: World, signed: str, headers: Mapping[str, str]) -> Answer:
    """Raises `Refused` (401) for a forged or expired address, 404 for a file that is gone, 416 for a range outside it."""
    state = graph_state(world)
    try:
        raw = base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4))
        if not hmac.compare_digest(raw[:16], _signature(state, raw[16:])):
            raise ValueError(signed)
        drive_id, item_id, expires = json.loads(raw[16:])
    except (ValueError, binascii.Error) as error:
        raise Refused(401, "unauthenticated", "The download address is not valid.") from error
    if world.clock.now().timestamp() > expires:
        raise Refused(401, "unauthenticated", "The download address has expired.")
    item = next((item for item in world.company.items if item.id == item_id and item.drive_id == drive_id), None)
    if item is None:
        raise errors.not_found("files")
    return _ranged(item, headers.get("range", ""))


def _ranged(item: Item, asked: str) -> Answer:
    headers = {
        "Content-Type": item.mime,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(item.name)}",
        "ETag": f'"{hashlib.sha256(item.data).hexdigest()[:16]}"',
    }
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.strip())
    if match is None or not (match[1] or match[2]):
        return Answer(item.data, headers=headers)
    size = len(item.data)
    first = int(match[1]) if match[1] else max(0, size - int(match[2]))
    last = min(int(match[2]) if match[1] and match[2] else size - 1, size - 1)
    if first > last:
        raise Refused(416, "invalidRange", "Requested range not satisfiable", {"Content-Range": f"bytes */{size}"})
    return Answer(item.data[first : last + 1], 206, headers | {"Content-Range": f"bytes {first}-{last}/{size}"})


def upload(world: World, token: str, method: str, headers: Mapping[str, str], data: bytes, origin: str) -> Answer:
    """One request to an upload session's address, which needs no token. The last chunk's answer has the new item's id."""
    session = graph_state(world).uploads.get(token)
    if session is None or session.expires < world.clock.now():
        raise Refused(404, "itemNotFound", "The upload session was not found")
    if method == "DELETE":
        del graph_state(world).uploads[token]
        return Answer(status=204)
    if method == "GET":
        return Answer(_expected(session))
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", headers.get("content-range", ""))
    if method != "PUT" or match is None or int(match[2]) - int(match[1]) + 1 != len(data):
        raise Refused(
            400, "invalidRequest", "The Content-Range header length does not match the provided number of bytes."
        )
    first, last, total = int(match[1]), int(match[2]), int(match[3])
    if first != len(session.received):
        raise Refused(416, "invalidRange", "Optimistic concurrency failure during fragmented upload")
    if len(data) > MAX_CHUNK or (last + 1 < total and len(data) % CHUNK):
        raise Refused(400, "invalidRequest", "The fragment must be a multiple of 320 KiB and at most 60 MiB.")
    session.received += data
    if last + 1 < total:
        return Answer(_expected(session), 202)
    del graph_state(world).uploads[token]
    return _finished(world, session)


def _expected(session: UploadSession) -> dict[str, Any]:
    return {"expirationDateTime": iso(session.expires), "nextExpectedRanges": [f"{len(session.received)}-"]}


def _finished(world: World, session: UploadSession) -> Answer:
    item, created = store(
        world,
        session.drive_id,
        session.parent_id,
        session.name,
        bytes(session.received),
        session.person_id,
        session.behaviour,
    )
    shown = {
        "id": item.id,
        "name": item.name,
        "size": len(item.data),
        "file": {"mimeType": item.mime},
        "parentReference": {"driveId": item.drive_id, "id": item.parent_id},
    }
    return Answer(shown, 201 if created else 200)


def store(
    world: World, drive_id: str, parent_id: str, name: str, data: bytes, person_id: str, behaviour: str, mime: str = ""
) -> tuple[Item, bool]:
    """Writes a file; (item, whether it is new). `behaviour`: replace, rename, fail. Raises `Refused` (409)."""
    items = world.company.items
    siblings = {
        item.name.casefold(): item for item in items if item.drive_id == drive_id and item.parent_id == parent_id
    }
    known = siblings.get(name.casefold())
    now = world.clock.now()
    if known is not None and behaviour == "fail":
        raise errors.refusal(409, "files")
    if known is not None and behaviour == "replace":
        known.data, known.modified, known.modified_by = data, now, person_id
        known.text = _text(data, known.mime)
        return known, False
    stem, dot, extension = name.rpartition(".")
    number = 1
    while name.casefold() in siblings:
        name = f"{stem} {number}{dot}{extension}" if dot else f"{extension} {number}"
        number += 1
    digest = hashlib.sha256(f"{drive_id}/{parent_id}/{name}/{len(items)}/{now}".encode()).hexdigest().upper()
    mime = mime or "application/octet-stream"
    item = Item(
        f"01{digest[:32]}",
        drive_id,
        parent_id,
        name,
        now,
        now,
        person_id,
        person_id,
        data=data,
        mime=mime,
        text=_text(data, mime),
    )
    items.append(item)
    return item, True


def _text(data: bytes, mime: str) -> str:
    return data.decode("utf-8", "replace") if mime.startswith("text/") else ""
