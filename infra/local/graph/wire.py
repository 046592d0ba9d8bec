"""Graph's HTTP: requests in, JSON or bytes out, every error in Microsoft's form with a request id."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from infra.local.graph import errors, files_content
from infra.local.graph.batch import run_batch
from infra.local.graph.call import Answer, Refused
from infra.local.graph.dispatch import authenticate, fault_refusal, make_call, perform
from infra.local.wire import FAULT_REQUEST_KEY
from infra.local.world import Fault, World


def routes(world: World) -> list[web.RouteDef]:
    """Mounted under `/v1.0` and `/beta`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await _handle(world, request)

    return [web.route("*", "/{tail:.*}", handle)]


async def _handle(world: World, request: web.Request) -> web.StreamResponse:
    request_id = str(uuid.uuid4())
    client_id = request.headers.get("client-request-id", "")
    fault: Fault | None = request.get(FAULT_REQUEST_KEY)
    try:
        answer = await _answer(world, request, fault)
    except Refused as refused:
        body = errors.body(refused.code, refused.message, world.clock.now(), request_id, client_id)
        answer = Answer(body, refused.status, refused.headers)
    headers = {"request-id": request_id, "client-request-id": client_id or request_id, **answer.headers}
    headers["Date"] = world.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
    response = _response(answer, headers)
    return await _cut(request, response, fault) if fault is not None and fault.kind == "cut" else response


async def _answer(world: World, request: web.Request, fault: Fault | None) -> Answer:
    version, target = _split(request)
    segments = [part for part in target.partition("?")[0].split("/") if part]
    headers = {name.lower(): value for name, value in request.headers.items()}
    if len(request.headers.getall("Prefer", [])) > 1:
        headers["prefer"] = ", ".join(request.headers.getall("Prefer"))
    if fault is not None and fault.kind != "cut":
        raise fault_refusal(world, fault, segments)
    # Pre-authenticated addresses carry their own proof.
    if segments[:1] == ["download"] and len(segments) == 2:
        return files_content.download(world, segments[1], headers)
    if segments[:1] == ["upload"] and len(segments) == 2:
        return files_content.upload(world, segments[1], request.method, headers, await request.read(), _origin(request))
    caller = authenticate(world, headers)
    base = (_origin(request), version)
    body = await _body(request, headers)
    if segments == ["$batch"] and request.method == "POST":
        return await run_batch(world, caller, body, headers, base)
    return await perform(make_call(world, caller, request.method, target, headers, body, base=base))


def _split(request: web.Request) -> tuple[str, str]:
    """(version, target below it), still percent-encoded; an absolute request target loses its origin."""
    raw = request.raw_path
    if "://" in raw.partition("?")[0]:
        raw = "/" + raw.split("/", 3)[3]
    version, separator, rest = raw.lstrip("/").partition("/")
    if version in {"v1.0", "beta"}:
        return version, f"{separator}{rest}"
    return "v1.0", f"/{version}{separator}{rest}"


def _origin(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


async def _body(request: web.Request, headers: Mapping[str, str]) -> Any:
    raw = await request.read()
    if not raw:
        return None
    if not headers.get("content-type", "").startswith("application/json"):
        return raw
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise errors.bad_request(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
        ) from error


def _response(answer: Answer, headers: dict[str, str]) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    if isinstance(answer.body, bytes):
        headers.setdefault("Content-Type", "application/octet-stream")
        return web.Response(status=answer.status, body=answer.body, headers=headers)
    content = {
        "Content-Type": "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8"
    }
    return web.Response(status=answer.status, body=json.dumps(answer.body).encode(), headers={**headers, **content})


async def _cut(request: web.Request, whole: web.Response, fault: Fault) -> web.StreamResponse:
    """Promises the whole body and breaks off: after `fault.after` bytes, or in the middle."""
    body = whole.body if isinstance(whole.body, bytes) else b""
    response = web.StreamResponse(status=whole.status, headers=whole.headers)
    response.content_length = len(body) or 1
    await response.prepare(request)
    await response.write(body[: fault.after or len(body) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response
