"""OpenAI's API on the wire: `/responses`, `/responses/input_tokens`, `/chat/completions`, `/models`."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import web

from infra.local.vendors import kept, openai_chat, openai_responses, script, sse
from infra.local.vendors.openai_checks import Refused, check_chat, check_responses
from infra.local.wire import WORLD_KEY
from infra.local.world import World

MODELS = ("gpt-6.2-sol", "gpt-6.2-astra", "gpt-6.1-terra", "gpt-6-luna", "gpt-5.6", "llama", "llama-local")
"""The last two as a compatible server has them."""
ERRORS: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "The request is invalid."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    403: ("invalid_request_error", "unsupported_country_region_territory", "Not permitted."),
    404: ("invalid_request_error", "model_not_found", "The model does not exist or you do not have access to it."),
    413: ("invalid_request_error", None, "Request too large."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached."),
    500: ("server_error", None, "The server had an error while processing your request."),
    503: ("server_error", "slow_down", "Slow down."),
}


def routes(world: World) -> list[web.RouteDef]:
    async def responses(request: web.Request) -> web.StreamResponse:
        body = await json_of(request)
        refused = refusal(request) or checked(body, check_responses)
        if refused is not None:
            return refused
        reply = script.next_reply(world, "openai", openai_responses.view(body))
        if reply.error:
            return error(reply.error, code=reply.error_code, retry_after=reply.retry_after)
        answer = openai_responses.response(body, reply, int(world.clock.now().timestamp()), kept.of_openai(world, body))
        if not body.get("stream"):
            return web.json_response(answer, headers=_headers())
        return await sse.send(request, openai_responses.events(answer, reply), reply, _headers())

    async def chat(request: web.Request) -> web.StreamResponse:
        body = await json_of(request)
        refused = refusal(request) or checked(body, check_chat)
        if refused is not None:
            return refused
        reply = script.next_reply(world, "openai", openai_chat.view(body))
        if reply.error:
            return error(reply.error, code=reply.error_code, retry_after=reply.retry_after)
        answer = openai_chat.completion(body, reply, int(world.clock.now().timestamp()))
        if not body.get("stream"):
            return web.json_response(answer, headers=_headers())
        wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return await sse.send(request, openai_chat.events(answer, reply, wants_usage), reply, _headers())

    async def count(request: web.Request) -> web.StreamResponse:
        tokens = len(json.dumps(await json_of(request))) // 4
        answer = {"object": "response.input_tokens", "input_tokens": tokens}
        return refusal(request) or web.json_response(answer)

    async def models(request: web.Request) -> web.StreamResponse:
        data = [{"id": name, "object": "model", "created": 1790000000, "owned_by": "openai"} for name in MODELS]
        return refusal(request) or web.json_response({"object": "list", "data": data})

    return [
        web.post("/responses", responses),
        web.post("/responses/input_tokens", count),
        web.post("/chat/completions", chat),
        web.get("/models", models),
    ]


def error(
    status: int,
    *,
    message: str = "",
    code: str | None = None,
    param: str | None = None,
    retry_after: float | None = None,
) -> web.Response:
    kind, usual, sentence = ERRORS.get(status, ("server_error", None, "The server had an error."))
    inner = {"message": message or sentence, "type": kind, "param": param or None, "code": code or usual}
    headers = _headers()
    if retry_after is not None:
        headers["retry-after"] = f"{retry_after:g}"
    return web.json_response({"error": inner}, status=status, headers=headers)


def fault_answer(request: web.Request) -> web.Response | None:
    fault = sse.fault_of(request)
    if fault is None or fault.kind != "status":
        return None
    wait = fault.headers.get("Retry-After") or fault.headers.get("retry-after")
    return error(fault.status, retry_after=float(wait) if wait else None)


def refusal(request: web.Request) -> web.Response | None:
    if faulty := fault_answer(request):
        return faulty
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    known = scheme == "Bearer" and key.strip() and request.app[WORLD_KEY].vendor_key in {"", key.strip()}
    return None if known else error(401)


async def json_of(request: web.Request) -> dict[str, Any]:
    """Empty when the body is no JSON object; that fails the checks."""
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def checked(body: dict[str, Any], check: Callable[[dict[str, Any]], None]) -> web.Response | None:
    if not isinstance(body.get("model"), str) or not body["model"]:
        return error(400, message="you must provide a model parameter", param="model")
    if body["model"] == "no-such-model":
        return error(404)
    try:
        check(body)
    except Refused as err:
        return error(400, message=str(err), param=err.param, code=err.code)
    return None


def _headers() -> dict[str, str]:
    return {"x-request-id": request_id()}


def request_id() -> str:
    return f"req_{uuid.uuid4().hex}"
