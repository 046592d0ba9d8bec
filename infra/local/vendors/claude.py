"""Anthropic's Messages API on the wire: `/v1/messages`, `/v1/messages/count_tokens`, `/v1/models`."""

import json
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

from aiohttp import web

from infra.local.vendors import kept, script, sse
from infra.local.vendors.claude_checks import Refused, blocks, check, every_block, signature
from infra.local.vendors.extract import Block
from infra.local.vendors.kept import Kept
from infra.local.vendors.script import Reply, View
from infra.local.wire import WORLD_KEY
from infra.local.world import World

Send = Callable[[web.Request, Iterable[sse.Event], Reply, Mapping[str, str]], Awaitable[web.StreamResponse]]
MODELS: dict[str, dict[str, Any]] = {
    "claude-opus-5-5": {},
    "claude-sonnet-5-5": {},
    "claude-haiku-5-5": {"max_tokens": 64000},
    "claude-fable-5-1": {},
    "claude-sonnet-5": {},
    "claude-opus-4-5-20251101": {"lifecycle": "deprecated"},
}
"""What the list says of each besides the usual."""
ERRORS = {
    400: ("invalid_request_error", "The request is invalid."),
    401: ("authentication_error", "invalid bearer token"),
    402: ("billing_error", "Your credit balance is too low."),
    403: ("permission_error", "Your API key may not use this resource."),
    404: ("not_found_error", "Not found"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "This request would exceed your rate limit."),
    500: ("api_error", "Internal server error"),
    503: ("api_error", "Service unavailable"),
    504: ("timeout_error", "Request timed out"),
    529: ("overloaded_error", "Overloaded"),
}
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_STOPS = {
    "length": "max_tokens",
    "refusal": "refusal",
    "overflow": "model_context_window_exceeded",
    "pause": "pause_turn",
}


def routes(world: World) -> list[web.RouteDef]:
    async def messages(request: web.Request) -> web.StreamResponse:
        return refusal(request) or await answered(world, request, await json_of(request))

    async def count(request: web.Request) -> web.StreamResponse:
        body = await json_of(request)
        return refusal(request) or web.json_response({"input_tokens": len(json.dumps(body)) // 4})

    async def models(request: web.Request) -> web.StreamResponse:
        data = [_described(name) for name in MODELS]
        page = {"data": data, "has_more": False, "first_id": data[0]["id"], "last_id": data[-1]["id"]}
        return refusal(request) or web.json_response(page)

    return [
        web.post("/v1/messages", messages),
        web.post("/v1/messages/count_tokens", count),
        web.get("/v1/models", models),
    ]


def _described(name: str) -> dict[str, Any]:
    """As in the list of models. In this company's account Haiku sees no pictures and knows two levels of effort."""
    small = "haiku" in name
    levels = {level: {"supported": not small or level in {"low", "medium"}} for level in _EFFORTS}
    able = {what: {"supported": True} for what in ("batch", "citations", "pdf_input", "structured_outputs")}
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "2026-10-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": 1000000,
        "max_tokens": 128000,
        "capabilities": {**able, "image_input": {"supported": not small}, "effort": {"supported": True, **levels}},
        **MODELS[name],
    }


async def answered(
    world: World,
    request: web.Request,
    body: dict[str, Any],
    *,
    error: Callable[..., web.Response] | None = None,
    send: Send = sse.send,
    ids: str = "request-id",
) -> web.StreamResponse:
    """What every cloud's door to Claude does with a request that was let in: checks, the model's reply, its stream.

    `error`, `send` and `ids` (the header with the request's id) are where the clouds differ.
    """
    refuse = error or errors
    refused = checked(body, refuse)
    if refused is not None:
        return refused
    reply = script.next_reply(world, "claude", view(body))
    if reply.error:
        return refuse(reply.error, code=reply.error_code, retry_after=reply.retry_after)
    answer = message(body, reply, kept.of_claude(world, body))
    if not body.get("stream"):
        return web.json_response(answer, headers={ids: request_id()})
    return await send(request, events(answer, reply), reply, {ids: request_id()})


def errors(status: int, *, message: str = "", code: str = "", retry_after: float | None = None) -> web.Response:
    kind, sentence = ERRORS.get(status, ("api_error", "Internal server error"))
    inner: dict[str, Any] = {"type": kind, "message": message or sentence}
    if code:
        inner["details"] = {"error_code": code}
    headers = {"request-id": request_id()}
    if retry_after is not None:
        headers["retry-after"] = f"{retry_after:g}"
    body = {"type": "error", "error": inner, "request_id": headers["request-id"]}
    return web.json_response(body, status=status, headers=headers)


def fault_answer(request: web.Request, error: Callable[..., web.Response]) -> web.Response | None:
    fault = sse.fault_of(request)
    if fault is None or fault.kind != "status":
        return None
    wait = fault.headers.get("Retry-After") or fault.headers.get("retry-after")
    return error(fault.status, retry_after=float(wait) if wait else None)


def refusal(request: web.Request) -> web.Response | None:
    if faulty := fault_answer(request, errors):
        return faulty
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not key.strip() or wrong_key(request, key):
        return errors(401)
    if not request.headers.get("anthropic-version"):
        return errors(400, message="anthropic-version: header is required")
    return None


def wrong_key(request: web.Request, key: str) -> bool:
    return request.app[WORLD_KEY].vendor_key not in {"", key.strip()}


async def json_of(request: web.Request) -> dict[str, Any]:
    """Empty when the body is no JSON object; that fails the checks."""
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def checked(body: dict[str, Any], error: Callable[..., web.Response]) -> web.Response | None:
    if not body:
        return error(400, message="The request body is not valid JSON.")
    if not str(body.get("model", "")).startswith("claude"):
        return error(404, message=f"model: {body.get('model')}")
    try:
        check(body)
    except Refused as err:
        return error(400, message=str(err))
    return None


def view(body: dict[str, Any]) -> View:
    start = max(
        (n for n, m in enumerate(body["messages"]) if m["role"] == "user" and _spoken(m)),
        default=len(body["messages"]) - 1,
    )
    turn = body["messages"][start:]
    found: dict[str, Block] = {}
    for block in every_block(turn):
        if block.get("type") == "search_result":
            text = "\n".join(inner["text"] for inner in block["content"])
            marked = script.marked_block(block["source"], block["title"], text)
            found.setdefault(marked.id, marked)
    closed = (body.get("tool_choice") or {}).get("type") == "none"
    tools = {} if closed else {tool["name"]: tool["input_schema"] for tool in body.get("tools") or []}
    called = any(block.get("type") == "tool_use" for block in every_block(turn))
    question = script.question_in(_spoken(turn[0]))
    form = (body.get("output_config") or {}).get("format") or {}
    return View(question, list(found.values()), tools, called, len(json.dumps(body)), form.get("schema"))


def _spoken(message: dict[str, Any]) -> list[str]:
    return [block["text"] for block in blocks(message) if block.get("type") == "text"]


def message(body: dict[str, Any], reply: Reply, from_before: Kept) -> dict[str, Any]:
    """The whole answer, as a request without `stream` gets it."""
    content: list[dict[str, Any]] = []
    if reply.thinking:
        signed = signature(body["model"], body["messages"])
        content.append({"type": "thinking", "thinking": reply.thinking, "signature": signed})
    if reply.text:
        cited = _citations(body, reply)
        content.append({"type": "text", "text": reply.text, **({"citations": cited} if cited else {})})
    for call in reply.calls:
        id = call.id or f"toolu_{uuid.uuid4().hex[:24]}"
        content.append({"type": "tool_use", "id": id, "name": call.name, "input": call.arguments or {}})
    total = len(json.dumps(body)) // 4
    given = reply.usage or from_before.usage(total)
    usage = {"input": total, "output": 1 + len(reply.text) // 4, **given}
    return {
        "id": f"msg_{uuid.uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": reply.model or body["model"],
        "content": content,
        "stop_reason": _STOPS.get(reply.stop) or ("tool_use" if reply.calls else "end_turn"),
        "stop_sequence": None,
        "usage": {
            "input_tokens": usage["input"],
            "cache_creation_input_tokens": usage.get("written", 0),
            "cache_read_input_tokens": usage.get("cached", 0),
            "output_tokens": usage["output"],
            "output_tokens_details": {"thinking_tokens": usage.get("reasoning", 0)},
        },
    }


def _citations(body: dict[str, Any], reply: Reply) -> list[dict[str, Any]]:
    found = []
    results = [block for block in every_block(body["messages"]) if block.get("type") == "search_result"]
    for index, block in enumerate(results):
        if script.marked_block(block["source"], block["title"], "").id in reply.citations:
            where = {"search_result_index": index, "start_block_index": 0, "end_block_index": len(block["content"])}
            cited = "".join(inner["text"] for inner in block["content"])
            about = {"source": block["source"], "title": block["title"], "cited_text": cited}
            found.append({"type": "search_result_location", **where, **about})
    return found


def events(answer: dict[str, Any], reply: Reply) -> Iterator[sse.Event]:
    usage = answer["usage"]
    opening = {**answer, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    yield _event("message_start", message=opening)
    yield _event("ping")
    content = list(answer["content"])
    if reply.unknown:
        yield _event("moon_phase", phase="waxing")
        content.insert(0, {"type": "brand_new_block", "data": "?"})
    for index, block in enumerate(content):
        yield from _block_events(index, block, reply)
    if reply.stall:
        yield sse.STALL
    if reply.break_with:
        broken = {"type": reply.break_with, "message": "Something went wrong."}
        yield _event("error", error=broken, request_id=request_id())
        return
    if reply.malformed:
        yield ("content_block_delta", '{"type": "content_block_delta", "index": 0, "del')
    yield _event("message_delta", delta={"stop_reason": answer["stop_reason"], "stop_sequence": None}, usage=usage)
    yield _event("message_stop")


def _block_events(index: int, block: dict[str, Any], reply: Reply) -> Iterator[sse.Event]:
    empty: dict[str, dict[str, Any]] = {
        "thinking": {"thinking": "", "signature": ""},
        "text": {"text": ""},
        "tool_use": {"input": {}},
    }
    start = {key: value for key, value in block.items() if key != "citations"} | empty.get(block["type"], {})
    yield _event("content_block_start", index=index, content_block=start)
    deltas: list[dict[str, Any]] = []
    if block["type"] == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in sse.pieces(block["thinking"], reply.chunk)]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    elif block["type"] == "text":
        deltas = [{"type": "text_delta", "text": piece} for piece in sse.pieces(block["text"], reply.chunk)]
        deltas += [{"type": "citations_delta", "citation": citation} for citation in block.get("citations", [])]
    elif block["type"] == "tool_use":
        written = block["input"] if isinstance(block["input"], str) else json.dumps(block["input"])
        parts = ["", *sse.pieces(written, reply.chunk)]
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in parts]
    for delta in deltas:
        yield _event("content_block_delta", index=index, delta=delta)
    yield _event("content_block_stop", index=index)


def _event(name: str, **fields: Any) -> sse.Event:
    return name, {"type": name, **fields}


def request_id() -> str:
    return f"req_{uuid.uuid4().hex[:24]}"
