"""GPT through OpenAI's SDK: the Responses API, streamed, with nothing kept at OpenAI.

Encrypted reasoning and the phase of messages ride in the native form, and go back to the same model only.
"""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
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
from providers.errors import Incomplete
from providers.framing import RULES, framed, unmarked
from providers.schema import strict_schema
from providers.transcript import call_ids, clean, cleaned_json, parsed_arguments, repaired, unique_id
from providers.transport import base_url, classified, failure, http_client, required, translated

DOOR = "openai"
WHO = "GPT"
_LONGEST_KEY = 64


def to_wire(request: Request, model: str) -> dict[str, Any]:
    """The body of `POST /responses`, without `stream`. No sampling knobs: reasoning models refuse them."""
    wire: dict[str, Any] = {
        "model": model,
        "instructions": clean(f"{request.system}\n\n{RULES}".strip()),
        "input": [item for message in repaired(request.messages) for item in _items(message, model)],
        "max_output_tokens": max(16, request.max_output_tokens),
        "reasoning": {"effort": request.effort},
        # Kept for 30 days otherwise.
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "stream_options": {"include_obfuscation": False},
    }
    if request.tools:
        wire["tools"] = _tools(request)
    if request.cache_key:
        wire["prompt_cache_key"] = _short(request.cache_key)
    if request.user_hash:
        wire["safety_identifier"] = _short(request.user_hash)
    return wire


def _short(key: str) -> str:
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def _tools(request: Request) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = []
    for spec in sorted(request.tools, key=lambda spec: spec.name):
        schema, strict = strict_schema(spec.parameters)
        tool = {"type": "function", "name": spec.name, "description": spec.description}
        tools.append({**tool, "parameters": schema, "strict": strict})
    return tools


def _items(message: Message, model: str) -> list[dict[str, Any]]:
    native = message.native
    if native and (native.door, native.model) == (DOOR, model) and isinstance(native.payload, list):
        return native.payload
    items: list[dict[str, Any]] = []
    content: list[dict[str, Any]] = []
    for part in message.parts:
        match part:
            case ToolCall():
                items.append(_written_call(part))
            case ToolResult(call_id):
                items.append({"type": "function_call_output", "call_id": call_id, "output": _output(part)})
            case Text(text) if message.role == "assistant":
                items.append({"role": "assistant", "content": text})
            case Text() | Image() | Evidence():
                content.append(_content(part))
    return [*items, {"role": "user", "content": content}] if content else items


def _written_call(call: ToolCall) -> dict[str, Any]:
    written = json.dumps(dict(call.arguments), ensure_ascii=False)
    return {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": written}


def _output(result: ToolResult) -> list[dict[str, Any]]:
    error = [{"type": "input_text", "text": "This call failed:"}] if result.is_error else []
    return [*error, *map(_content, result.content)] or [{"type": "input_text", "text": "(empty)"}]


def _content(part: Text | Image | Evidence) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"type": "input_text", "text": unmarked(text)}
        case Evidence():
            return {"type": "input_text", "text": framed(part)}
        case Image(data, media_type):
            encoded = base64.b64encode(data).decode()
            return {"type": "input_image", "detail": "auto", "image_url": f"data:{media_type};base64,{encoded}"}


@dataclass
class Reading:
    """One answer being read. `from_event` takes the SDK's stream events and returns the text to show."""

    model: str
    taken: set[str] = field(default_factory=set)
    """Ids of calls the conversation has already."""
    request_id: str = ""
    _items: dict[int, Any] = field(default_factory=dict)
    _commentary: set[int] = field(default_factory=set)
    _text: str = ""
    _speaker: int | None = None
    _refused: bool = False
    _final: Any = None

    def from_event(self, event: Any) -> str:
        """Always by `.type`: an unknown event or item is built as some known class. Raises ProviderError."""
        match event.type:
            case "response.output_item.added":
                if getattr(event.item, "phase", None) == "commentary":
                    self._commentary.add(event.output_index)
            case "response.output_item.done":
                self._items[event.output_index] = event.item
            case "response.output_text.delta":
                return self._shown(event.output_index, clean(event.delta))
            case "response.refusal.delta":
                self._refused = True
                return self._shown(event.output_index, clean(event.delta))
            case "response.completed" | "response.incomplete" | "response.failed":
                self._final = event.response
            case "error":
                raise classified(
                    WHO,
                    kind=str(getattr(event, "type", "")),
                    code=event.code or "",
                    message=event.message or "",
                    request_id=self.request_id,
                )
        return ""

    def response(self) -> Response:
        """Raises Incomplete when the stream ended before its terminal event, and what a failed response names."""
        final = self._final
        if final is None or final.status not in {"completed", "incomplete", "failed"}:
            raise failure(WHO, Incomplete, request_id=self.request_id)
        if final.status == "failed":
            error = final.error
            code, message = (error.code or "", error.message or "") if error else ("", "")
            raise classified(WHO, code=code, message=message, request_id=self.request_id)
        parts: list[Part] = [Text(self._text)] if self._text else []
        native: list[dict[str, Any]] = []
        for item in [item for _, item in sorted(self._items.items())] or final.output or []:
            self._read_item(item, parts, native)
        opaque = any(item.get("type") == "reasoning" or item.get("phase") for item in native)
        message = Message("assistant", tuple(parts), Native(DOOR, self.model, cleaned_json(native)) if opaque else None)
        return Response(message, self._stop(final, parts), final.model or self.model, _usage(final), self.request_id)

    def _shown(self, index: int, delta: str) -> str:
        if index in self._commentary:
            return ""
        if self._speaker not in {None, index} and self._text:
            delta = "\n\n" + delta
        self._speaker = index
        self._text += delta
        return delta

    def _read_item(self, item: Any, parts: list[Part], native: list[dict[str, Any]]) -> None:
        match item.type:
            case "function_call":
                call = ToolCall(
                    unique_id(item.call_id or "", self.taken), clean(item.name), parsed_arguments(item.arguments or "")
                )
                parts.append(call)
                native.append(_written_call(call))
            case "reasoning" if item.encrypted_content:
                # With nothing stored there, only the encrypted content means anything to OpenAI.
                summary = [{"type": "summary_text", "text": part.text} for part in item.summary or []]
                kept = {"type": "reasoning", "id": item.id, "summary": summary}
                native.append({**kept, "encrypted_content": item.encrypted_content})
            case "message":
                text = "".join(getattr(c, "text", None) or getattr(c, "refusal", None) or "" for c in item.content)
                phase = {"phase": item.phase} if getattr(item, "phase", None) else {}
                if text.strip():
                    native.append({"role": "assistant", "content": text, **phase})

    def _stop(self, final: Any, parts: list[Part]) -> StopReason:
        if final.status == "incomplete":
            reason = final.incomplete_details.reason if final.incomplete_details else None
            return StopReason.REFUSAL if reason == "content_filter" else StopReason.LENGTH
        if self._refused:
            return StopReason.REFUSAL
        called = any(isinstance(part, ToolCall) for part in parts)
        return StopReason.TOOL_CALLS if called else StopReason.FINISHED


def _usage(final: Any) -> Usage:
    usage = final.usage
    if usage is None:
        return Usage()
    inputs, outputs = usage.input_tokens_details, usage.output_tokens_details
    return Usage(
        input=usage.input_tokens or 0,
        cache_read=getattr(inputs, "cached_tokens", None) or 0,
        cache_write=getattr(inputs, "cache_write_tokens", None) or 0,
        output=usage.output_tokens or 0,
        reasoning=getattr(outputs, "reasoning_tokens", None) or 0,
    )


class GPT:
    """One client for all of the process's requests to one model."""

    door = DOOR
    images = True

    def __init__(self, client: Any, model: str) -> None:
        self._client = client
        self.model = model

    async def stream(self, request: Request) -> AsyncIterator[str | Response]:
        reading = Reading(self.model, call_ids(request.messages))
        with translated(WHO):
            async with await self._client.responses.create(**to_wire(request, self.model), stream=True) as events:
                reading.request_id = events.response.headers.get("x-request-id", "")
                async for event in events:
                    if text := reading.from_event(event):
                        yield text
        yield reading.response()

    async def aclose(self) -> None:
        await self._client.close()


def open_gpt(model: str, settings: DoorSettings) -> GPT:
    key = required(settings, DOOR, "OPENAI_API_KEY")
    url = base_url(settings, "OPENAI_BASE_URL", "https://api.openai.com/v1")
    import httpx2  # noqa: PLC0415 -- comes with the SDK
    import openai  # noqa: PLC0415 -- 0.6 s and 39 MiB: only where this door is configured

    environment = settings.environment
    client = openai.AsyncOpenAI(
        api_key=key,
        base_url=url,
        organization=environment.get("OPENAI_ORG_ID") or None,
        project=environment.get("OPENAI_PROJECT_ID") or None,
        max_retries=2,
        http_client=http_client(openai, httpx2, settings, url),
    )
    return GPT(client, model)


PROVIDER = Door(DOOR, open_gpt, "GPT by OpenAI: OPENAI_API_KEY, optionally OPENAI_BASE_URL.")
