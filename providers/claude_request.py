"""A neutral request as the body of Anthropic's Messages API, whichever door it leaves by.

Thinking is bound to the model and to the exact transcript before it, so an answer's native form carries a digest of
what it followed and is replayed only there; anywhere else its neutral parts are.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from providers.base import Evidence, File, Image, Message, Native, Part, Request, Text, ToolCall, ToolResult
from providers.capabilities import Capabilities, capabilities_of
from providers.framing import RULES, framed, unmarked
from providers.schema import strict_schema
from providers.transcript import clean, repaired

_CLAUDE = capabilities_of("claude")
_CACHED = {"type": "ephemeral"}


def to_wire(
    request: Request, model: str, door: str = "anthropic", capabilities: Capabilities = _CLAUDE
) -> dict[str, Any]:
    """The body of `POST /v1/messages`, without `stream`. No sampling knobs: the API refuses them.

    `door`: what the door and the model made earlier goes back in its native form.
    """
    messages = repaired(request.messages)
    wire: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_output_tokens,
        **_tools(request, messages),
    }
    if config := _output_config(request, capabilities):
        wire["output_config"] = config
    system = request.system if capabilities.citations else f"{request.system}\n\n{RULES}"
    if system.strip():
        wire["system"] = [{"type": "text", "text": clean(system.strip()), "cache_control": _CACHED}]
    if request.user_hash:
        wire["metadata"] = {"user_id": request.user_hash}
    if request.tools:
        # The next round of a tool loop sends all of this again, evidence included.
        wire["cache_control"] = _CACHED
    form = _form(request, capabilities)
    prefix, wire["messages"] = _head_digest(wire), []
    for message in messages:
        own = _replayed(message.native, (door, model), prefix)
        content = own or [_block(part, form) for part in message.parts]
        wire["messages"].append({"role": message.role, "content": content})
        prefix = _digest(prefix, wire["messages"][-1])
    if number := _said_before(messages):
        _mark(wire["messages"][number - 1])
    return wire


def _said_before(messages: Sequence[Message]) -> int:
    """How many messages stand before what the person says now: the next turn sends them again, this turn's evidence it does not."""
    for number in range(len(messages) - 1, 0, -1):
        message = messages[number]
        if message.role == "user" and not all(isinstance(part, ToolResult) for part in message.parts):
            return number
    return 0


def _mark(message: dict[str, Any]) -> None:
    """Its end is kept by the vendor. Only what it is made of here may be changed: a native form belongs to the transcript."""
    content = message["content"]
    for index in range(len(content) - 1, -1, -1):
        if "thinking" not in content[index]["type"]:
            message["content"] = [*content[:index], {**content[index], "cache_control": _CACHED}, *content[index + 1 :]]
            return


def prefix_of(wire: Mapping[str, Any]) -> str:
    """Digest of everything an answer to `wire` follows."""
    prefix = _head_digest(wire)
    for message in wire["messages"]:
        prefix = _digest(prefix, message)
    return prefix


def _head_digest(wire: Mapping[str, Any]) -> str:
    return _digest("", [wire["model"], wire.get("system"), wire.get("tools")])


def _digest(prefix: str, value: Any) -> str:
    """Marks for the cache move with the conversation, and are no part of what was said."""
    if isinstance(value, dict):
        value = {**value, "content": [{**block, "cache_control": None} for block in value["content"]]}
    return hashlib.sha256((prefix + json.dumps(value, sort_keys=True)).encode()).hexdigest()


def _output_config(request: Request, capabilities: Capabilities) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if effort := capabilities.effort(request.effort):
        config["effort"] = effort
    if request.schema:
        config["format"] = {"type": "json_schema", "schema": strict_schema(request.schema.schema)[0]}
    return config


def _replayed(native: Native | None, maker: tuple[str, str], prefix: str) -> list[dict[str, Any]] | None:
    if native is None or (native.door, native.model) != maker or not isinstance(native.payload, dict):
        return None
    content = native.payload.get("content")
    return content if native.payload.get("prefix") == prefix and isinstance(content, list) else None


def _tools(request: Request, messages: tuple[Message, ...]) -> dict[str, Any]:
    tools: list[dict[str, Any]] = []
    for spec in sorted(request.tools, key=lambda spec: spec.name):
        schema, strict = strict_schema(spec.parameters)
        tool = {"name": spec.name, "description": clean(spec.description), "input_schema": schema}
        tools.append({**tool, "strict": True} if strict else tool)
    if tools:
        tools[-1]["cache_control"] = _CACHED
        return {"tools": tools, **({"tool_choice": {"type": "none"}} if request.tool_choice == "none" else {})}
    # Calls in the history must name tools that the request defines, also when none may be called any more.
    used = sorted({call.name for message in messages for call in message.tool_calls})
    if not used:
        return {}
    return {"tools": [{"name": n, "input_schema": {"type": "object"}} for n in used], "tool_choice": {"type": "none"}}


Form = Literal["cited", "uncited", "framed"]
"""How evidence goes: as Claude's own blocks, which it cites natively or does not, or as text between marks."""


def _form(request: Request, capabilities: Capabilities) -> Form:
    """One for the whole request: a mixture is refused, and so are citations in an answer bound to a schema."""
    if not capabilities.citations:
        return "framed"
    return "uncited" if request.schema else "cited"


def _block(part: Part, form: Form = "cited") -> dict[str, Any]:
    match part:
        case Text(text):
            return {"type": "text", "text": unmarked(text) if form == "framed" else text}
        case Image(data, media_type):
            encoded = base64.b64encode(data).decode()
            return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": encoded}}
        case File(data, media_type, name):
            encoded = base64.b64encode(data).decode()
            source = {"type": "base64", "media_type": media_type, "data": encoded}
            title = {"title": name} if name.strip() else {}
            return {"type": "document", "source": source, **title, "citations": {"enabled": form == "cited"}}
        case Evidence():
            return _evidence(part, form)
        case ToolCall(id, name, arguments):
            return {"type": "tool_use", "id": id, "name": name, "input": dict(arguments)}
        case ToolResult(call_id, content, is_error):
            blocks = [_block(inner, form) for inner in content] or [{"type": "text", "text": "(empty)"}]
            return {"type": "tool_result", "tool_use_id": call_id, "content": blocks, "is_error": is_error}


def _evidence(evidence: Evidence, form: Form) -> dict[str, Any]:
    if form == "framed":
        return {"type": "text", "text": framed(evidence)}
    texts = [text for text in (evidence.detail, evidence.text) if text.strip()] or ["(no text)"]
    return {
        "type": "search_result",
        "source": evidence.id,
        # The id also stands in the title, since the model is asked to write it itself.
        "title": f"[{evidence.id}] {evidence.title}",
        "content": [{"type": "text", "text": text} for text in texts],
        "citations": {"enabled": form == "cited"},
    }
