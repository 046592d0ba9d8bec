"""Claude through Anthropic's SDK: the Messages API, streamed.

Thinking is bound to the model and to the exact transcript before it, so an answer's native form carries a digest of
what it followed and is replayed only there; anywhere else its neutral parts are.
"""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.base import (
    Door,
    DoorSettings,
    Evidence,
    Image,
    Message,
    Native,
    Part,
    Request,
    Response,
    StopReason,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)
from providers.claude_citations import Markers
from providers.errors import Incomplete
from providers.schema import strict_schema
from providers.transcript import call_ids, clean, cleaned_json, parsed_arguments, repaired, unique_id
from providers.transport import base_url, failure, http_client, required, translated

DOOR = "anthropic"
WHO = "Claude"
_CACHED = {"type": "ephemeral"}
_REPLAYABLE = {"text", "thinking", "redacted_thinking", "tool_use"}
_STOPS = {
    "end_turn": StopReason.FINISHED,
    "stop_sequence": StopReason.FINISHED,
    "tool_use": StopReason.TOOL_CALLS,
    "max_tokens": StopReason.LENGTH,
    "refusal": StopReason.REFUSAL,
    "pause_turn": StopReason.PAUSED,
    "model_context_window_exceeded": StopReason.CONTEXT_OVERFLOW,
}


def to_wire(request: Request, model: str) -> dict[str, Any]:
    """The body of `POST /v1/messages`, without `stream`. No sampling knobs: the API refuses them."""
    messages = repaired(request.messages)
    wire: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_output_tokens,
        "output_config": {"effort": request.effort},
        **_tools(request, messages),
    }
    if request.system.strip():
        wire["system"] = [{"type": "text", "text": clean(request.system), "cache_control": _CACHED}]
    if request.user_hash:
        wire["metadata"] = {"user_id": request.user_hash}
    if request.tools:
        # The next round of a tool loop sends all of this again, evidence included.
        wire["cache_control"] = _CACHED
    prefix, wire["messages"] = _head_digest(wire), []
    for message in messages:
        content = _replayed(message.native, model, prefix) or [_block(part) for part in message.parts]
        wire["messages"].append({"role": message.role, "content": content})
        prefix = _digest(prefix, wire["messages"][-1])
    return wire


def prefix_of(wire: Mapping[str, Any]) -> str:
    """Digest of everything an answer to `wire` follows."""
    prefix = _head_digest(wire)
    for message in wire["messages"]:
        prefix = _digest(prefix, message)
    return prefix


def _head_digest(wire: Mapping[str, Any]) -> str:
    return _digest("", [wire["model"], wire.get("system"), wire.get("tools")])


def _digest(prefix: str, value: Any) -> str:
    return hashlib.sha256((prefix + json.dumps(value, sort_keys=True)).encode()).hexdigest()


def _replayed(native: Native | None, model: str, prefix: str) -> list[dict[str, Any]] | None:
    if native is None or (native.door, native.model) != (DOOR, model) or not isinstance(native.payload, dict):
        return None
    content = native.payload.get("content")
    return content if native.payload.get("prefix") == prefix and isinstance(content, list) else None


def _tools(request: Request, messages: tuple[Message, ...]) -> dict[str, Any]:
    tools: list[dict[str, Any]] = []
    for spec in sorted(request.tools, key=lambda spec: spec.name):
        schema, strict = strict_schema(spec.parameters)
        tool = {"name": spec.name, "description": spec.description, "input_schema": schema}
        tools.append({**tool, "strict": True} if strict else tool)
    if tools:
        tools[-1]["cache_control"] = _CACHED
        return {"tools": tools}
    # Calls in the history must name tools that the request defines, also when none may be called any more.
    used = sorted({call.name for message in messages for call in message.tool_calls})
    if not used:
        return {}
    return {"tools": [{"name": n, "input_schema": {"type": "object"}} for n in used], "tool_choice": {"type": "none"}}


def _block(part: Part) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Image(data, media_type):
            encoded = base64.b64encode(data).decode()
            return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": encoded}}
        case Evidence():
            return _search_result(part)
        case ToolCall(id, name, arguments):
            return {"type": "tool_use", "id": id, "name": name, "input": dict(arguments)}
        case ToolResult(call_id, content, is_error):
            blocks = [_block(inner) for inner in content] or [{"type": "text", "text": "(empty)"}]
            return {"type": "tool_result", "tool_use_id": call_id, "content": blocks, "is_error": is_error}


def _search_result(evidence: Evidence) -> dict[str, Any]:
    texts = [text for text in (evidence.detail, evidence.text) if text.strip()] or ["(no text)"]
    return {
        "type": "search_result",
        "source": evidence.id,
        # The id also stands in the title, since the model is asked to write it itself.
        "title": f"[{evidence.id}] {evidence.title}",
        "content": [{"type": "text", "text": text} for text in texts],
        # All of a request or none: a mixture is refused.
        "citations": {"enabled": True},
    }


@dataclass
class Reading:
    """One answer being read. `from_event` takes the SDK's raw stream events and returns the text to show."""

    model: str
    prefix: str = ""
    taken: set[str] = field(default_factory=set)
    """Ids of calls the conversation has already."""
    request_id: str = ""
    _blocks: dict[int, dict[str, Any]] = field(default_factory=dict)
    _json: dict[int, str] = field(default_factory=dict)
    _usage: dict[str, Any] = field(default_factory=dict)
    _markers: Markers = field(default_factory=Markers)
    _text: str = ""
    _answered_by: str = ""
    _stop: str | None = None
    _ended: bool = False

    def from_event(self, event: Any) -> str:
        """Always by `.type`: an unknown event or block is built as some known class."""
        text = ""
        match event.type:
            case "message_start":
                self._answered_by = event.message.model
                self._count(event.message.usage)
            case "content_block_start":
                self._blocks[event.index] = event.content_block.model_dump(mode="json", exclude_none=True)
                text = self._markers.text(clean(str(self._blocks[event.index].get("text") or "")))
            case "content_block_delta" if event.index in self._blocks:
                text = self._delta(event.index, event.delta)
            case "content_block_stop":
                self._markers.end_block()
            case "message_delta":
                self._stop = event.delta.stop_reason or self._stop
                self._count(event.usage)
            case "message_stop":
                self._ended = True
                text = self._markers.end()
        self._text += text
        return text

    def response(self) -> Response:
        """Raises Incomplete when the stream ended before its terminal event."""
        if not self._ended or self._stop is None:
            raise failure(WHO, Incomplete, request_id=self.request_id)
        parts: list[Part] = [Text(self._text)] if self._text else []
        for index, block in sorted(self._blocks.items()):
            if block.get("type") == "tool_use":
                arguments = parsed_arguments(self._json[index]) if self._json.get(index) else block.get("input") or {}
                id = unique_id(str(block.get("id", "")), self.taken)
                block.update(id=id, input=arguments)
                parts.append(ToolCall(id, clean(str(block.get("name", ""))), arguments))
        stop = _STOPS.get(self._stop, StopReason.FINISHED)
        if stop is StopReason.FINISHED and any(isinstance(part, ToolCall) for part in parts):
            stop = StopReason.TOOL_CALLS
        message = Message("assistant", tuple(parts), self._native())
        return Response(message, stop, self._answered_by or self.model, self._normal_usage(), self.request_id)

    def _delta(self, index: int, delta: Any) -> str:
        block = self._blocks[index]
        match delta.type:
            case "text_delta":
                block["text"] = block.get("text", "") + delta.text
                return self._markers.text(clean(delta.text))
            case "input_json_delta":
                self._json[index] = self._json.get(index, "") + delta.partial_json
            case "thinking_delta":
                block["thinking"] = block.get("thinking", "") + delta.thinking
            case "signature_delta":
                block["signature"] = block.get("signature", "") + delta.signature
            case "citations_delta":
                block.setdefault("citations", []).append(delta.citation.model_dump(mode="json"))
                if delta.citation.type == "search_result_location":
                    self._markers.cite(delta.citation.source)
        return ""

    def _count(self, usage: Any) -> None:
        # Cumulative, not additive: later figures replace earlier ones.
        self._usage |= usage.model_dump(mode="json", exclude_none=True)

    def _normal_usage(self) -> Usage:
        read = int(self._usage.get("cache_read_input_tokens", 0))
        written = int(self._usage.get("cache_creation_input_tokens", 0))
        details = self._usage.get("output_tokens_details") or {}
        return Usage(
            input=int(self._usage.get("input_tokens", 0)) + read + written,
            cache_read=read,
            cache_write=written,
            output=int(self._usage.get("output_tokens", 0)),
            reasoning=int(details.get("thinking_tokens", 0) or 0),
        )

    def _native(self) -> Native | None:
        content = [block for _, block in sorted(self._blocks.items())]
        thinking = [b for b in content if b.get("type") == "thinking"]
        if not any("thinking" in str(block.get("type")) for block in content):
            return None
        if any(b.get("type") not in _REPLAYABLE for b in content) or not all(b.get("signature") for b in thinking):
            return None
        content = [b for b in content if b.get("type") != "text" or str(b.get("text", "")).strip()]
        return Native(DOOR, self.model, {"prefix": self.prefix, "content": cleaned_json(content)})


class Claude:
    """One client for all of the process's requests to one model."""

    door = DOOR
    images = True

    def __init__(self, client: Any, model: str) -> None:
        self._client = client
        self.model = model

    async def stream(self, request: Request) -> AsyncIterator[str | Response]:
        wire = to_wire(request, self.model)
        reading = Reading(self.model, prefix_of(wire), call_ids(request.messages))
        with translated(WHO):
            async with await self._client.messages.create(**wire, stream=True) as events:
                reading.request_id = events.response.headers.get("request-id", "")
                async for event in events:
                    if text := reading.from_event(event):
                        yield text
        yield reading.response()

    async def aclose(self) -> None:
        await self._client.close()


def open_claude(model: str, settings: DoorSettings) -> Claude:
    key = required(settings, DOOR, "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
    url = base_url(settings, "ANTHROPIC_BASE_URL", "https://api.anthropic.com")
    import anthropic  # noqa: PLC0415 -- 1.4 s and 65 MiB: only where this door is configured
    import httpx2  # noqa: PLC0415 -- comes with the SDK

    http = http_client(anthropic, httpx2, settings, url)
    return Claude(anthropic.AsyncAnthropic(api_key=key, base_url=url, max_retries=2, http_client=http), model)


PROVIDER = Door(DOOR, open_claude, "Claude by Anthropic: ANTHROPIC_API_KEY, optionally ANTHROPIC_BASE_URL.")
