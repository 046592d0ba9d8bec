"""OpenAI's Responses API: what it reads in a request, and its answer as an object and as a stream of events."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from infra.local.vendors import script, sse
from infra.local.vendors.extract import Block
from infra.local.vendors.kept import Kept
from infra.local.vendors.script import Reply, View


def view(body: dict[str, Any]) -> View:
    items = body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}]
    spoken = [n for n, item in enumerate(items) if item.get("role") == "user" and _spoken(item)]
    turn = items[spoken[-1] :] if spoken else items[-1:]
    found: dict[str, Block] = {}
    for item in turn:
        for text in _texts(item.get("output") if item.get("type") == "function_call_output" else item.get("content")):
            for block in script.blocks_in(text):
                found.setdefault(block.id, block)
    tools = {} if body.get("tool_choice") == "none" else {t["name"]: t["parameters"] for t in body.get("tools") or []}
    called = any(item.get("type") == "function_call" for item in turn)
    question = script.question_in(_spoken(turn[0])) if spoken else ""
    form = (body.get("text") or {}).get("format") or {}
    return View(question, list(found.values()), tools, called, len(json.dumps(body)), form.get("schema"))


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content or [] if "text" in part]


def _spoken(item: dict[str, Any]) -> list[str]:
    return [rest for text in _texts(item.get("content")) if (rest := script.without_blocks(text))]


def response(body: dict[str, Any], reply: Reply, now: int, from_before: Kept) -> dict[str, Any]:
    """The whole answer, as a request without `stream` gets it."""
    output: list[dict[str, Any]] = []
    if reply.thinking:
        summary = [{"type": "summary_text", "text": reply.thinking}]
        wanted = "reasoning.encrypted_content" in (body.get("include") or [])
        sealed = f"sealed-{uuid.uuid4().hex}" if wanted else None
        output.append({"id": _id("rs"), "type": "reasoning", "summary": summary, "encrypted_content": sealed})
    if reply.commentary:
        output.append(_message(reply.commentary, "commentary"))
    if reply.text:
        output.append(_message(reply.text, None if reply.calls else "final_answer", refusal=reply.stop == "refusal"))
    for call in reply.calls:
        written = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments or {})
        named = {"name": call.name, "call_id": call.id or _id("call"), "arguments": written}
        output.append({"id": _id("fc"), "type": "function_call", "status": "completed", **named})
    failed = {"code": reply.break_with.removeprefix("failed:"), "message": "Something went wrong."}
    broken = reply.break_with.startswith("failed:") or reply.stop == "overflow"
    if reply.stop == "overflow":
        failed["code"] = "context_length_exceeded"
    status = "failed" if broken else "incomplete" if reply.stop == "length" else "completed"
    return {
        "id": _id("resp"),
        "object": "response",
        "created_at": now,
        "status": status,
        "model": reply.model or body["model"],
        "output": output,
        "error": failed if broken else None,
        "incomplete_details": {"reason": "max_output_tokens"} if reply.stop == "length" else None,
        "instructions": body.get("instructions"),
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools") or [],
        "top_p": 1.0,
        "max_output_tokens": body.get("max_output_tokens"),
        "store": body.get("store", True),
        "text": body.get("text") or {"format": {"type": "text"}},
        "reasoning": body.get("reasoning"),
        "usage": _usage(body, reply, from_before),
    }


def _usage(body: dict[str, Any], reply: Reply, from_before: Kept) -> dict[str, Any]:
    total = len(json.dumps(body)) // 4
    usage = {"input": total, "output": 1 + len(reply.text) // 4, **(reply.usage or from_before.usage(total))}
    total_input = usage["input"] + usage.get("cached", 0) + usage.get("written", 0)
    cached = {"cached_tokens": usage.get("cached", 0), "cache_write_tokens": usage.get("written", 0)}
    return {
        "input_tokens": total_input,
        "input_tokens_details": cached,
        "output_tokens": usage["output"],
        "output_tokens_details": {"reasoning_tokens": usage.get("reasoning", 0)},
        "total_tokens": total_input + usage["output"],
    }


def _message(text: str, phase: str | None, *, refusal: bool = False) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    if refusal:
        part = {"type": "refusal", "refusal": text}
    item = {"id": _id("msg"), "type": "message", "status": "completed", "role": "assistant", "content": [part]}
    return {**item, "phase": phase} if phase else item


def events(answer: dict[str, Any], reply: Reply) -> Iterator[sse.Event]:
    for number, event in enumerate(_events(answer, reply)):
        if isinstance(event, str):
            yield sse.STALL if event == "stall" else ("response.output_text.delta", event)
        else:
            yield str(event["type"]), {**event, "sequence_number": number}


def _events(answer: dict[str, Any], reply: Reply) -> Iterator[dict[str, Any] | str]:
    opening = {
        **answer,
        "status": "in_progress",
        "output": [],
        "usage": None,
        "error": None,
        "incomplete_details": None,
    }
    yield {"type": "response.created", "response": opening}
    yield {"type": "response.in_progress", "response": opening}
    if reply.unknown:
        yield {"type": "response.moon_phase.changed", "phase": "waxing"}
        strange = {"id": _id("new"), "type": "brand_new_item"}
        yield {"type": "response.output_item.added", "output_index": len(answer["output"]), "item": strange}
        yield {"type": "response.output_item.done", "output_index": len(answer["output"]), "item": strange}
    for index, item in enumerate(answer["output"]):
        yield from _item_events(index, item, reply.chunk)
    if reply.stall:
        yield "stall"
    if reply.malformed:
        yield '{"type": "response.output_text.delta", "del'
    if reply.break_with and not reply.break_with.startswith("failed:"):
        yield {"type": "error", "code": reply.break_with, "message": "Something went wrong.", "param": None}
        return
    yield {"type": f"response.{answer['status']}", "response": answer}


def _item_events(index: int, item: dict[str, Any], size: int) -> Iterator[dict[str, Any]]:
    where = {"output_index": index, "item_id": item["id"]}
    started = {**item, "status": "in_progress"}
    if item["type"] == "message":
        started["content"] = []
    elif item["type"] == "function_call":
        started["arguments"] = ""
    else:
        started |= {"summary": [], "encrypted_content": ""}
    yield {"type": "response.output_item.added", "output_index": index, "item": started}
    if item["type"] == "message":
        yield from _text_events(where, item["content"][0], size)
    elif item["type"] == "function_call":
        for piece in sse.pieces(item["arguments"], size):
            yield {"type": "response.function_call_arguments.delta", **where, "delta": piece}
        done = {"arguments": item["arguments"], "name": item["name"]}
        yield {"type": "response.function_call_arguments.done", **where, **done}
    else:
        summary = {**where, "summary_index": 0}
        part = item["summary"][0]
        yield {"type": "response.reasoning_summary_part.added", **summary, "part": {**part, "text": ""}}
        yield {"type": "response.reasoning_summary_text.delta", **summary, "delta": part["text"]}
        yield {"type": "response.reasoning_summary_text.done", **summary, "text": part["text"]}
        yield {"type": "response.reasoning_summary_part.done", **summary, "part": part}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _text_events(where: dict[str, Any], part: dict[str, Any], size: int) -> Iterator[dict[str, Any]]:
    here = {**where, "content_index": 0}
    field = "refusal" if part["type"] == "refusal" else "text"
    name = "response.refusal" if field == "refusal" else "response.output_text"
    extra: dict[str, Any] = {} if field == "refusal" else {"logprobs": []}
    yield {"type": "response.content_part.added", **here, "part": {**part, field: ""}}
    for piece in sse.pieces(part[field], size):
        yield {"type": f"{name}.delta", **here, "delta": piece, **extra}
    yield {"type": f"{name}.done", **here, field: part[field], **extra}
    yield {"type": "response.content_part.done", **here, "part": part}


def _id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex[:24]}"
