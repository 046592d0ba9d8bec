"""Messages of a transcript to JSON and back: two pure functions, so that what was said survives a restart exactly."""

import base64
from collections.abc import Mapping
from typing import Any, Literal

from providers.base import Evidence, File, Image, Message, Native, Part, Text, ToolCall, ToolResult


class MalformedTranscript(Exception):
    """Stored JSON is not a message. The text names the place, never the content."""


def to_json(message: Message) -> dict[str, Any]:
    native = message.native
    return {
        "role": message.role,
        "parts": [_part_to_json(part) for part in message.parts],
        "native": native and {"door": native.door, "model": native.model, "payload": native.payload},
    }


def from_json(value: object) -> Message:
    """Raises `MalformedTranscript`."""
    fields = _object(value)
    parts = tuple(_part_from_json(part) for part in _list(fields, "parts"))
    native = fields.get("native")
    return Message(_role(fields), parts, None if native is None else _native(_object(native)))


def _part_to_json(part: Part) -> dict[str, Any]:
    match part:
        case Text():
            return {"kind": "text", "text": part.text}
        case Image():
            data = base64.b64encode(part.data).decode()
            return {"kind": "image", "data": data, "media_type": part.media_type}
        case File():
            data = base64.b64encode(part.data).decode()
            return {"kind": "file", "data": data, "media_type": part.media_type, "name": part.name}
        case Evidence():
            fields = {"id": part.id, "title": part.title, "text": part.text, "link": part.link, "detail": part.detail}
            return {"kind": "evidence", **fields}
        case ToolCall():
            return {"kind": "tool_call", "id": part.id, "name": part.name, "arguments": dict(part.arguments)}
        case ToolResult():
            content = [_part_to_json(inner) for inner in part.content]
            return {"kind": "tool_result", "call_id": part.call_id, "content": content, "is_error": part.is_error}


def _part_from_json(value: object) -> Part:
    fields = _object(value)
    match fields.get("kind"):
        case "text" | "image" | "file" | "evidence":
            return _plain_part(fields)
        case "tool_call":
            return ToolCall(_text(fields, "id"), _text(fields, "name"), _object(fields.get("arguments")))
        case "tool_result":
            content = tuple(_plain_part(_object(inner)) for inner in _list(fields, "content"))
            return ToolResult(_text(fields, "call_id"), content, fields.get("is_error") is True)
    raise MalformedTranscript("A part of a stored message is of no known kind.")


def _plain_part(fields: Mapping[str, Any]) -> Text | Image | File | Evidence:
    match fields.get("kind"):
        case "text":
            return Text(_text(fields, "text"))
        case "image":
            return Image(_bytes(fields), _text(fields, "media_type"))
        case "file":
            return File(_bytes(fields), _text(fields, "media_type"), _text(fields, "name"))
        case "evidence":
            return Evidence(
                _text(fields, "id"),
                _text(fields, "title"),
                _text(fields, "text"),
                link=_text(fields, "link"),
                detail=_text(fields, "detail"),
            )
    raise MalformedTranscript("A tool's stored result holds something that is not text, image, file or evidence.")


def _bytes(fields: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(_text(fields, "data"), validate=True)
    except ValueError:  # binascii.Error is one; text outside ASCII raises the plain kind
        raise MalformedTranscript("A stored image or file is not base64.") from None


def _native(fields: Mapping[str, Any]) -> Native:
    return Native(_text(fields, "door"), _text(fields, "model"), fields.get("payload"))


def _role(fields: Mapping[str, Any]) -> Literal["user", "assistant"]:
    match fields.get("role"):
        case "user":
            return "user"
        case "assistant":
            return "assistant"
    raise MalformedTranscript("A stored message has no known role.")


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedTranscript("A stored message holds something that is not an object.")
    return value


def _list(fields: Mapping[str, Any], name: str) -> list[Any]:
    value = fields.get(name)
    if not isinstance(value, list):
        raise MalformedTranscript(f"`{name}` of a stored message is not a list.")
    return value


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise MalformedTranscript(f"`{name}` of a stored message is not text.")
    return value
