"""A neutral request as the body of OpenAI's Responses API, whichever door it leaves by; nothing is kept there.

Encrypted reasoning and the phase of messages ride in the native form, and go back to the same door and model only.
"""

import base64
import hashlib
import json
from typing import Any

from providers.base import AnswerSchema, Evidence, File, Image, Message, Request, Text, ToolCall, ToolResult
from providers.capabilities import Capabilities, capabilities_of
from providers.framing import RULES, framed, unmarked
from providers.schema import strict_schema
from providers.transcript import clean, repaired, safe_name

_GPT = capabilities_of("gpt")
_LONGEST_KEY = 64
UNNAMED = "document.pdf"


def to_wire(request: Request, model: str, door: str = "openai", capabilities: Capabilities = _GPT) -> dict[str, Any]:
    """The body of `POST /responses`, without `stream`. No sampling knobs: reasoning models refuse them.

    `door`: what the door and the model made earlier goes back in its native form.
    """
    wire: dict[str, Any] = {
        "model": model,
        "instructions": clean(f"{request.system}\n\n{RULES}".strip()),
        "input": [item for message in repaired(request.messages) for item in _items(message, (door, model))],
        "max_output_tokens": max(16, request.max_output_tokens),
        # Kept for 30 days otherwise.
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "stream_options": {"include_obfuscation": False},
    }
    if effort := capabilities.effort(request.effort):
        wire["reasoning"] = {"effort": effort}
    if request.tools:
        wire["tools"] = _tools(request)
        if request.tool_choice == "none":
            wire["tool_choice"] = "none"
    if request.schema:
        wire["text"] = {"format": {"type": "json_schema", **answer_format(request.schema)}}
    if request.cache_key:
        wire["prompt_cache_key"] = _short(request.cache_key)
    if request.user_hash:
        wire["safety_identifier"] = _short(request.user_hash)
    return wire


def answer_format(schema: AnswerSchema) -> dict[str, Any]:
    """What both of OpenAI's interfaces want to know of a form."""
    reduced, strict = strict_schema(schema.schema)
    return {"name": safe_name(schema.name), "schema": reduced, "strict": strict}


def _short(key: str) -> str:
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def _tools(request: Request) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = []
    for spec in sorted(request.tools, key=lambda spec: spec.name):
        schema, strict = strict_schema(spec.parameters)
        tool = {"type": "function", "name": spec.name, "description": clean(spec.description)}
        tools.append({**tool, "parameters": schema, "strict": strict})
    return tools


def _items(message: Message, maker: tuple[str, str]) -> list[dict[str, Any]]:
    native = message.native
    if native and (native.door, native.model) == maker and isinstance(native.payload, list):
        return native.payload
    items: list[dict[str, Any]] = []
    content: list[dict[str, Any]] = []
    for part in message.parts:
        match part:
            case ToolCall():
                items.append(written_call(part))
            case ToolResult(call_id):
                items.append({"type": "function_call_output", "call_id": call_id, "output": _output(part)})
            case Text(text) if message.role == "assistant":
                items.append({"role": "assistant", "content": text})
            case Text() | Image() | File() | Evidence():
                content.append(_content(part))
    return [*items, {"role": "user", "content": content}] if content else items


def written_call(call: ToolCall) -> dict[str, Any]:
    written = json.dumps(dict(call.arguments), ensure_ascii=False)
    return {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": written}


def _output(result: ToolResult) -> list[dict[str, Any]]:
    error = [{"type": "input_text", "text": "This call failed:"}] if result.is_error else []
    return [*error, *map(_content, result.content)] or [{"type": "input_text", "text": "(empty)"}]


def _content(part: Text | Image | File | Evidence) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"type": "input_text", "text": unmarked(text)}
        case Evidence():
            return {"type": "input_text", "text": framed(part)}
        case Image(data, media_type):
            encoded = base64.b64encode(data).decode()
            return {"type": "input_image", "detail": "auto", "image_url": f"data:{media_type};base64,{encoded}"}
        case File(data, media_type, name):
            encoded = base64.b64encode(data).decode()
            kind, held = {"type": "input_file"}, {"file_data": f"data:{media_type};base64,{encoded}"}
            return {**kind, "filename": name.strip() or UNNAMED, **held}
