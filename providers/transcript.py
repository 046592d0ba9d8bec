"""Makes any neutral transcript one that every vendor accepts, so that each vendor's file only has to translate.

A turn may have died in the middle of a tool loop, a history may have been cut, text may hold what JSON cannot carry.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from providers.base import INVALID_ARGUMENTS, PDF, Evidence, File, Image, Message, Part, Text, ToolCall, ToolResult

UNANSWERED = "This call was interrupted and has no result."
NOTHING_SAID = "(no message)"
GO_ON = "(go on)"
NOT_SEEN = "(a picture, which you cannot see: say so where it matters)"
NOT_OPENED = "(a file, which you cannot open: say so where it matters)"
Content = Text | Evidence | Image | File
"""What a person or a tool brings."""
_UNSAFE_NAME = re.compile(r"[^A-Za-z0-9_-]")


def repaired(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Alternating messages from user to user: every call answered once and directly, results first, no empty parts.

    A message whose parts had to change loses its `native` form, since that no longer says the same.
    """
    merged = _merged(_cleaned(message) for message in messages)
    answered = _answered(merged)
    while answered and answered[0].role == "assistant":
        # Its results go with it, which may empty the next message in turn.
        answered = _answered(answered[1:])
    if not answered:
        return (Message("user", (Text(NOTHING_SAID),)),)
    if answered[-1].role == "assistant":
        answered.append(Message("user", (Text(GO_ON),)))
    return tuple(answered)


def legible(messages: Iterable[Message], *, images: bool, pdf: bool) -> tuple[Message, ...]:
    """Each picture or file that the model cannot read becomes a word about it."""

    def plain(part: Content) -> Content:
        if isinstance(part, Image) and not images:
            return Text(NOT_SEEN)
        if isinstance(part, File) and not (pdf and part.media_type == PDF):
            return Text(NOT_OPENED)
        return part

    def words(part: Part) -> Part:
        if isinstance(part, ToolResult):
            return replace(part, content=tuple(map(plain, part.content)))
        return part if isinstance(part, ToolCall) else plain(part)

    return tuple(replace(message, parts=tuple(map(words, message.parts))) for message in messages)


def clean(text: str) -> str:
    """Without lone surrogates and NUL, which UTF-8 and the vendors do not take."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def cleaned_json(value: Any) -> Any:
    """The same for all strings of a JSON value, keys included."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [cleaned_json(item) for item in value]
    return {clean(key): cleaned_json(item) for key, item in value.items()} if isinstance(value, dict) else value


def parsed_arguments(raw: str) -> dict[str, Any]:
    """What a model wrote as a call's arguments. Empty means none; see `ToolCall` for what is no JSON object."""
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return {INVALID_ARGUMENTS: clean(raw)}
    return cleaned_json(value) if isinstance(value, dict) else {INVALID_ARGUMENTS: clean(raw)}


def unique_id(wanted: str, taken: set[str]) -> str:
    """`wanted` where every vendor would take it and nobody has it, else a variation. Adds what it returns to `taken`."""
    base = _UNSAFE_NAME.sub("_", wanted)[:56] if len(wanted) > 64 else _UNSAFE_NAME.sub("_", wanted)
    base = base or "call"
    result, number = base, 1
    while result in taken:
        number += 1
        result = f"{base[:56]}_{number}"
    taken.add(result)
    return result


def call_ids(messages: Iterable[Message]) -> set[str]:
    return {call.id for message in messages for call in message.tool_calls}


def safe_name(name: str) -> str:
    """A tool's name as every vendor takes it: a model may have called a tool that never existed."""
    return _UNSAFE_NAME.sub("_", name)[:64] or "unknown"


def _cleaned(message: Message) -> Message:
    kinds = (Text, ToolCall) if message.role == "assistant" else (Text, Image, File, Evidence, ToolResult)
    parts = tuple(_cleaned_part(part) for part in message.parts if isinstance(part, kinds))
    kept = tuple(part for part in parts if not (isinstance(part, Text) and not part.text.strip()))
    native = message.native if kept == message.parts else None
    return replace(message, parts=kept, native=native)


def _cleaned_part(part: Part) -> Part:
    if isinstance(part, Text):
        return Text(clean(part.text))
    if isinstance(part, File):
        return replace(part, name=clean(part.name))
    if isinstance(part, Evidence):
        id, title, text, link, detail = (clean(v) for v in (part.id, part.title, part.text, part.link, part.detail))
        return replace(part, id=id, title=title, text=text, link=link, detail=detail)
    if isinstance(part, ToolCall):
        return replace(part, arguments=cleaned_json(dict(part.arguments)))
    if isinstance(part, ToolResult):
        content = (_cleaned_content(inner) for inner in part.content)
        return replace(part, content=tuple(c for c in content if not isinstance(c, Text) or c.text.strip()))
    return part


def _cleaned_content(part: Content) -> Content:
    cleaned = _cleaned_part(part)
    return part if isinstance(cleaned, ToolCall | ToolResult) else cleaned


def _merged(messages: Iterable[Message]) -> list[Message]:
    merged: list[Message] = []
    for message in messages:
        if not message.parts:
            continue
        if merged and merged[-1].role == message.role:
            if message.role == "assistant" and merged[-1].tool_calls:
                # Calls must be answered before the assistant goes on.
                merged += [Message("user", (Text(GO_ON),)), message]
            else:
                merged[-1] = Message(message.role, (*merged[-1].parts, *message.parts))
        else:
            merged.append(message)
    return merged


def _answered(messages: list[Message]) -> list[Message]:
    answered: list[Message] = []
    taken: set[str] = set()
    open_calls: dict[str, str] = {}
    for message in messages:
        if message.role == "assistant":
            message, open_calls = _with_unique_ids(message, taken)
            answered.append(message)
            continue
        parts = _results_first(message.parts, open_calls)
        open_calls = {}
        if parts:
            answered.append(replace(message, parts=parts))
    if open_calls:
        answered.append(Message("user", _results_first((), open_calls)))
    return _merged(answered)


def _with_unique_ids(message: Message, taken: set[str]) -> tuple[Message, dict[str, str]]:
    ids: dict[str, str] = {}
    parts: list[Part] = []
    for part in message.parts:
        if isinstance(part, ToolCall):
            if part.id in ids:
                continue
            ids[part.id] = unique_id(part.id, taken)
            part = replace(part, id=ids[part.id], name=safe_name(part.name))
        parts.append(part)
    if tuple(parts) == message.parts:
        return message, ids
    return Message(message.role, tuple(parts)), ids


def _results_first(parts: Iterable[Part], open_calls: dict[str, str]) -> tuple[Part, ...]:
    found: dict[str, ToolResult] = {}
    rest: list[Part] = []
    for part in parts:
        if not isinstance(part, ToolResult):
            rest.append(part)
        elif part.call_id in open_calls and part.call_id not in found:
            found[part.call_id] = replace(part, call_id=open_calls[part.call_id])
    missing = ToolResult("", (Text(UNANSWERED),), is_error=True)
    results = (found.get(id) or replace(missing, call_id=ours) for id, ours in open_calls.items())
    return (*results, *rest)
