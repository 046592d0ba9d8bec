"""Anthropic's Message Batches on the wire: `/v1/messages/batches`."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from infra.local.vendors import batches, claude, kept, script
from infra.local.vendors.batches import Made, Outcome
from infra.local.world import World

_TYPES = {"answered": "succeeded", "failed": "errored", "expired": "expired", "cancelled": "canceled"}


def routes(world: World) -> list[web.RouteDef]:
    return [*_work_routes(world), *_result_routes(world)]


def _work_routes(world: World) -> list[web.RouteDef]:
    async def create(request: web.Request) -> web.Response:
        requests = (await claude.json_of(request)).get("requests")
        if refused := claude.refusal(request):
            return refused
        ids = [one.get("custom_id") for one in requests] if isinstance(requests, list) else []
        if not ids or len(set(ids)) != len(ids) or not isinstance(requests, list):
            return claude.errors(
                400, message="requests: custom_ids must be unique, and at least one request is required"
            )
        id, now = f"msgbatch_{uuid.uuid4().hex[:24]}", world.clock.now().timestamp()
        made = Made(id, {one["custom_id"]: one.get("params") or {} for one in requests}, now)
        batches.store(world, made)
        return web.json_response(_shown(world, made, request), headers={"request-id": claude.request_id()})

    async def look(request: web.Request) -> web.Response:
        refused, made = claude.refusal(request), batches.stored(world, request.match_info["id"])
        return refused or (web.json_response(_shown(world, made, request)) if made else claude.errors(404))

    async def cancel(request: web.Request) -> web.Response:
        refused, made = claude.refusal(request), batches.stored(world, request.match_info["id"])
        if refused or made is None:
            return refused or claude.errors(404)
        made.cancelled = not made.ended
        return web.json_response(_shown(world, made, request) | {"processing_status": "canceling"})

    return [
        web.post("/v1/messages/batches", create),
        web.get("/v1/messages/batches/{id}", look),
        web.post("/v1/messages/batches/{id}/cancel", cancel),
    ]


def _result_routes(world: World) -> list[web.RouteDef]:
    async def delete(request: web.Request) -> web.Response:
        refused, made = claude.refusal(request), batches.stored(world, request.match_info["id"])
        if refused or made is None or not made.ended:
            return refused or claude.errors(404 if made is None else 400)
        del world.state["batches"][made.id]
        return web.json_response({"id": made.id, "type": "message_batch_deleted"})

    async def results(request: web.Request) -> web.Response:
        refused, made = claude.refusal(request), batches.stored(world, request.match_info["id"])
        if refused or made is None or not made.ended:
            return refused or claude.errors(404)
        lines = [{"custom_id": id, "result": {"type": _TYPES[how], **more}} for id, (how, more) in made.results.items()]
        text = "".join(f"{json.dumps(line)}\n" for line in reversed(lines))
        return web.Response(text=text, content_type="application/binary", headers={"request-id": claude.request_id()})

    return [
        web.delete("/v1/messages/batches/{id}", delete),
        web.get("/v1/messages/batches/{id}/results", results),
    ]


def _shown(world: World, made: Made, request: web.Request) -> dict[str, Any]:
    batches.advance(world, made, lambda body: _answer(world, body))
    waiting = 0 if made.ended else len(made.requests)
    counts = {_TYPES[how]: made.count(how) for how in ("answered", "failed", "expired", "cancelled")}
    return {
        "id": made.id,
        "type": "message_batch",
        "processing_status": "ended" if made.ended else "in_progress",
        "request_counts": {"processing": waiting, **counts},
        "created_at": _time(made.created),
        "expires_at": _time(made.expires),
        "ended_at": _time(made.ended) if made.ended else None,
        "results_url": f"{request.url.origin()}{request.path}/results" if made.ended else None,
        "archived_at": None,
        "cancel_initiated_at": None,
    }


def _answer(world: World, body: dict[str, Any]) -> tuple[Outcome, dict[str, Any]]:
    refused = claude.checked(body, claude.errors)
    if refused is None:
        reply = script.next_reply(world, "claude", claude.view(body))
        if not reply.error:
            return "answered", {"message": claude.message(body, reply, kept.of_claude(world, body))}
        refused = claude.errors(reply.error, code=reply.error_code)
    return "failed", {"error": json.loads(refused.text or "{}")}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
