"""OpenAI's files and Batch API on the wire: `/files`, `/batches`."""

import email
import json
import uuid
from email.message import Message
from typing import Any

from aiohttp import web

from infra.local.vendors import batches, kept, openai, openai_responses, script
from infra.local.vendors.batches import Made, Outcome
from infra.local.vendors.openai_checks import check_responses
from infra.local.world import World

_EXPIRED = {"code": "batch_expired", "message": "This request could not be executed before the batch expired."}


def routes(world: World) -> list[web.RouteDef]:
    return [*_file_routes(world), *_batch_routes(world)]


def _files(world: World) -> dict[str, str]:
    """Texts by id."""
    found: dict[str, str] = world.state.setdefault("openai_files", {})
    return found


def _file_routes(world: World) -> list[web.RouteDef]:
    async def upload(request: web.Request) -> web.Response:
        if refused := openai.refusal(request):
            return refused
        form = _form(request.headers["Content-Type"], await request.read())
        if form.get("purpose") != "batch" or "file" not in form:
            return openai.error(400, param="purpose")
        id = f"file-{uuid.uuid4().hex[:24]}"
        _files(world)[id] = form["file"]
        about = {"id": id, "object": "file", "bytes": len(form["file"]), "created_at": 0, "filename": "batch.jsonl"}
        return web.json_response({**about, "purpose": "batch", "status": "processed"})

    async def content(request: web.Request) -> web.Response:
        text = _files(world).get(request.match_info["id"])
        gone = openai.error(404) if text is None else None
        return openai.refusal(request) or gone or web.Response(text=text, content_type="application/octet-stream")

    async def delete(request: web.Request) -> web.Response:
        gone = openai.error(404) if _files(world).pop(request.match_info["id"], None) is None else None
        answer = {"id": request.match_info["id"], "object": "file", "deleted": True}
        return openai.refusal(request) or gone or web.json_response(answer)

    return [
        web.post("/files", upload),
        web.get("/files/{id}/content", content),
        web.delete("/files/{id}", delete),
    ]


def _batch_routes(world: World) -> list[web.RouteDef]:
    async def create(request: web.Request) -> web.Response:
        body = await openai.json_of(request)
        text = _files(world).get(str(body.get("input_file_id")))
        if refused := openai.refusal(request):
            return refused
        if text is None or body.get("endpoint") != "/v1/responses" or body.get("completion_window") != "24h":
            return openai.error(400, param="input_file_id")
        lines = [json.loads(line) for line in text.splitlines()]
        made = Made(f"batch_{uuid.uuid4().hex}", {one["custom_id"]: one["body"] for one in lines}, _now(world))
        made.files["input"] = body["input_file_id"]
        batches.store(world, made)
        return web.json_response(_shown(world, made))

    async def look(request: web.Request) -> web.Response:
        made = batches.stored(world, request.match_info["id"])
        return openai.refusal(request) or (web.json_response(_shown(world, made)) if made else openai.error(404))

    async def cancel(request: web.Request) -> web.Response:
        made = batches.stored(world, request.match_info["id"])
        refused = openai.refusal(request)
        if refused or made is None:
            return refused or openai.error(404)
        made.cancelled = not made.ended
        return web.json_response(_shown(world, made) | {"status": "cancelling"})

    return [
        web.post("/batches", create),
        web.get("/batches/{id}", look),
        web.post("/batches/{id}/cancel", cancel),
    ]


def _form(content_type: str, raw: bytes) -> dict[str, str]:
    """Of multipart/form-data; its bytes were read already, for the record."""
    whole = email.message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + raw)
    fields: dict[str, str] = {}
    for part in whole.get_payload() if whole.is_multipart() else []:
        if isinstance(part, Message):
            held = part.get_payload(decode=True)
            name = part.get_param("name", header="content-disposition")
            fields[str(name)] = held.decode() if isinstance(held, bytes) else ""
    return fields


def _shown(world: World, made: Made) -> dict[str, Any]:
    batches.advance(world, made, lambda body: _answer(world, body))
    if made.ended and "output" not in made.files:
        _write(world, made)
    expired = made.count("expired")
    status = (
        "in_progress" if not made.ended else "cancelled" if made.cancelled else "expired" if expired else "completed"
    )
    failed = made.count("failed") + expired
    return {
        "id": made.id,
        "object": "batch",
        "endpoint": "/v1/responses",
        "input_file_id": made.files["input"],
        "output_file_id": made.files.get("output") or None,
        "error_file_id": made.files.get("error") or None,
        "completion_window": "24h",
        "status": status,
        "created_at": int(made.created),
        "expires_at": int(made.expires),
        "request_counts": {"total": len(made.requests), "completed": made.count("answered"), "failed": failed},
    }


def _write(world: World, made: Made) -> None:
    """Answers into one file, errors into another; a cancelled batch names only what was done."""
    lines: dict[str, list[str]] = {"output": [], "error": []}
    for id, (how, more) in reversed(made.results.items()):
        if how != "cancelled":
            late = {"error": _EXPIRED} if how == "expired" else {}
            line = {"id": _line_id(), "custom_id": id, "response": None, "error": None, **more, **late}
            lines["output" if how == "answered" else "error"].append(json.dumps(line))
    for role, written in lines.items():
        made.files[role] = f"file-{uuid.uuid4().hex[:24]}" if written else ""
        if written:
            world.state["openai_files"][made.files[role]] = "\n".join(written)


def _line_id() -> str:
    return f"batch_req_{uuid.uuid4().hex}"


def _answer(world: World, body: dict[str, Any]) -> tuple[Outcome, dict[str, Any]]:
    refused = openai.checked(body, check_responses)
    if refused is None and body.get("stream"):
        refused = openai.error(400, param="stream")
    if refused is None:
        reply = script.next_reply(world, "openai", openai_responses.view(body))
        if not reply.error:
            answer = openai_responses.response(body, reply, int(_now(world)), kept.of_openai(world, body))
            return "answered", {"response": {"status_code": 200, "request_id": openai.request_id(), "body": answer}}
        refused = openai.error(reply.error, code=reply.error_code)
    told = json.loads(refused.text or "{}")
    return "failed", {"response": {"status_code": refused.status, "request_id": openai.request_id(), "body": told}}


def _now(world: World) -> float:
    return world.clock.now().timestamp()
