"""OpenAI's Chat Completions, as compatible servers speak it: what it reads in a request, its answer and its chunks."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from infra.local.vendors import script, sse
from infra.local.vendors.extract import Block
from infra.local.vendors.script import Reply, View

_STOPS = {"length": "length", "refusal": "content_filter"}


def view(body: dict[str, Any]) -> View:
    messages = body["messages"]
    spoken = [n for n, message in enumerate(messages) if message["role"] == "user" and _spoken(message)]
    turn = messages[spoken[-1] :] if spoken else messages[-1:]
    found: dict[str, Block] = {}
    for message in turn:
        for text in _texts(message):
            for block in script.blocks_in(text):
                found.setdefault(block.id, block)
    functions = [tool["function"] for tool in body.get("tools") or []]
    tools = {} if body.get("tool_choice") == "none" else {f["name"]: f.get("parameters") or {} for f in functions}
    called = any(message.get("tool_calls") for message in turn)
    question = script.question_in(_spoken(turn[0])) if spoken else ""
    form = (body.get("response_format") or {}).get("json_schema") or {}
    return View(question, list(found.values()), tools, called, len(json.dumps(body)), form.get("schema"))


def _texts(message: dict[str, Any]) -> list[str]:
    content = message.get("content")
    return [content] if isinstance(content, str) else [part["text"] for part in content or [] if "text" in part]


def _spoken(message: dict[str, Any]) -> list[str]:
    return [piece for text in _texts(message) for piece in script.without_blocks(text).split("\n\n") if piece.strip()]


def completion(body: dict[str, Any], reply: Reply, now: int) -> dict[str, Any]:
    """The whole answer, as a request without `stream` gets it."""
    calls = []
    for call in reply.calls:
        written = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments or {})
        function = {"name": call.name, "arguments": written}
        calls.append({"id": call.id or f"call_{uuid.uuid4().hex[:24]}", "type": "function", "function": function})
    said = {"role": "assistant", "content": reply.text or None, **({"tool_calls": calls} if calls else {})}
    usage = {"input": len(json.dumps(body)) // 4, "output": 1 + len(reply.text) // 4, **reply.usage}
    total_input = usage["input"] + usage.get("cached", 0)
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex[:24]}",
        "object": "chat.completion",
        "created": now,
        "model": reply.model or body["model"],
        "choices": [
            {
                "index": 0,
                "message": said,
                "logprobs": None,
                "finish_reason": _STOPS.get(reply.stop) or ("tool_calls" if calls else "stop"),
            }
        ],
        "usage": {
            "prompt_tokens": total_input,
            "completion_tokens": usage["output"],
            "total_tokens": total_input + usage["output"],
            "prompt_tokens_details": {"cached_tokens": usage.get("cached", 0)},
            "completion_tokens_details": {"reasoning_tokens": usage.get("reasoning", 0)},
        },
    }


def events(answer: dict[str, Any], reply: Reply, wants_usage: bool) -> Iterator[sse.Event]:
    base = {key: answer[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    choice = answer["choices"][0]

    def chunk(delta: dict[str, Any], finish: str | None = None) -> sse.Event:
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        return "", {**base, "choices": choices, **({"usage": None} if wants_usage else {})}

    yield chunk({"role": "assistant", "content": ""})
    if reply.thinking:
        yield chunk({"reasoning_content": reply.thinking})
    if reply.unknown:
        yield chunk({"moon_phase": "waxing"})
    for piece in sse.pieces(choice["message"]["content"] or "", reply.chunk):
        yield chunk({"content": piece})
    if reply.stall:
        yield sse.STALL
    if reply.malformed:
        yield "", '{"id": "chatcmpl-1", "choi'
    if reply.break_with:
        yield "", {"error": {"message": "Something went wrong.", "type": reply.break_with, "param": None, "code": None}}
        return
    for index, call in enumerate(choice["message"].get("tool_calls") or []):
        named = {"name": call["function"]["name"], "arguments": ""}
        yield chunk({"tool_calls": [{"index": index, "id": call["id"], "type": "function", "function": named}]})
        for piece in sse.pieces(call["function"]["arguments"], reply.chunk):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, choice["finish_reason"])
    if wants_usage:
        yield "", {**base, "choices": [], "usage": answer["usage"]}
    yield "", "[DONE]"
