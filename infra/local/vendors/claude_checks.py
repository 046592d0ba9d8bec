"""What Anthropic's Messages API (version 2026-10-21) refuses, as far as a bot can run into it."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

KNOWN = {
    *(
        "max_tokens",
        "messages",
        "model",
        "system",
        "tools",
        "tool_choice",
        "thinking",
        "output_config",
        "stop_sequences",
    ),
    *("cache_control", "metadata", "service_tier", "speed", "inference_geo", "diagnostics", "container", "stream"),
    *("user_profile_id", "workspace_id"),
}
NO_FORCED_TOOLS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1")
IMAGES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOOL = re.compile(r"[A-Za-z0-9_-]{1,128}")


class Refused(Exception):
    """Becomes a 400 `invalid_request_error`."""


def check(body: Mapping[str, Any]) -> None:
    """Raises Refused with the field and what is wrong with it."""
    for name in ("temperature", "top_p", "top_k"):
        _no(name in body, f"{name}: sampling parameters are not supported with this API version")
    for name in body.keys() - KNOWN:
        raise Refused(f"{name}: Extra inputs are not permitted")
    _no(not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1, "max_tokens: must be at least 1")
    _check_modes(body)
    _check_tools(body)
    system = body.get("system")
    for block in system if isinstance(system, list) else []:
        _no(block.get("type") != "text" or not block.get("text"), "system: text content blocks must be non-empty")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("messages: at least one message is required")
    form = _check_form(body)
    citing = _check_messages(body["model"], messages)
    _no(form and True in citing, "output_config.format: structured outputs cannot be used with citations")
    count = json.dumps(body).count('"cache_control": {')
    _no(count > 4, f"A maximum of 4 blocks with cache_control may be provided. Found {count}.")


def signature(model: str, before: list[Any]) -> str:
    """What binds thinking to its model and to the transcript before it; marks for the cache are no part of that."""
    said = [(message.get("role"), [_unmarked(block) for block in blocks(message)]) for message in before]
    return "sig" + hashlib.sha256((model + json.dumps(said, sort_keys=True)).encode()).hexdigest()


def _unmarked(block: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in block.items() if key != "cache_control"}


def blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or [])


def every_block(messages: list[Any]) -> Iterator[dict[str, Any]]:
    """Blocks of all messages with those inside tool results, in order."""
    for message in messages:
        for block in blocks(message):
            yield block
            if block.get("type") == "tool_result" and isinstance(block.get("content"), list):
                yield from block["content"]


def _no(wrong: bool, message: str) -> None:
    if wrong:
        raise Refused(message)


def _check_modes(body: Mapping[str, Any]) -> None:
    model = body["model"]
    choice = (body.get("tool_choice") or {}).get("type", "auto")
    forced = choice in {"any", "tool"} and model.startswith(NO_FORCED_TOOLS)
    _no(forced, f"tool_choice: {choice!r} is not supported on this model")
    thinking = (body.get("thinking") or {}).get("type")
    always = thinking in {"disabled", "enabled"} and model.startswith("claude-opus-5-5")
    _no(always, f"thinking.type: {thinking!r} is not supported on this model")
    effort = (body.get("output_config") or {}).get("effort", "low")
    _no(effort not in {"low", "medium", "high", "xhigh", "max"}, "output_config.effort: unknown value")


def _check_tools(body: Mapping[str, Any]) -> None:
    names = [tool.get("name") for tool in body.get("tools") or []]
    _no(len(set(names)) != len(names), "tools: Tool names must be unique.")
    for number, tool in enumerate(body.get("tools") or []):
        _no(not _TOOL.fullmatch(str(tool.get("name"))), f"tools.{number}.custom.name: String should match pattern")
        schema = tool.get("input_schema")
        valid = isinstance(schema, dict) and schema.get("type") == "object"
        _no(not valid, f"tools.{number}.custom.input_schema.type: Field required")
        if tool.get("strict"):
            closed = schema.get("additionalProperties") is False
            _no(not closed, f"tools.{number}.custom: strict schemas need additionalProperties to be false")


def _check_form(body: Mapping[str, Any]) -> bool:
    form = (body.get("output_config") or {}).get("format")
    if form is None:
        return False
    _no(form.get("type") != "json_schema", "output_config.format.type: Input should be 'json_schema'")
    _no(not isinstance(form.get("schema"), dict), "output_config.format.schema: Field required")
    _check_schema(form["schema"])
    return True


def _check_schema(schema: Any) -> None:
    if isinstance(schema, list):
        for inner in schema:
            _check_schema(inner)
    elif isinstance(schema, dict):
        unknown = schema.keys() & {"minLength", "maxLength", "minimum", "maximum", "multipleOf", "minItems", "maxItems"}
        _no(bool(unknown), f"output_config.format.schema: properties {', '.join(sorted(unknown))} are not supported")
        closed = schema.get("additionalProperties") is False
        _no(schema.get("type") == "object" and not closed, "For 'object' type, 'additionalProperties' must be false")
        for inner in [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("anyOf")]:
            _check_schema(inner)


def _check_messages(model: str, messages: list[Any]) -> set[bool]:
    """Returns whether citations are on, of every block that can have any."""
    pending: set[str] = set()
    seen: set[str] = set()
    citing: set[bool] = set()
    for number, message in enumerate(messages):
        role, content = message.get("role"), blocks(message)
        where = f"messages.{number}"
        _no(role not in {"user", "assistant", "system"}, f"{where}.role: unknown role")
        _no(not content, f"{where}: messages must have non-empty content")
        _check_results(where, role, content, pending)
        pending = set()
        for index, block in enumerate(content):
            _check_block(f"{where}.content.{index}", role, block, citing)
            if block.get("type") == "tool_use":
                _no(block["id"] in seen, f"{where}: `tool_use` ids must be unique")
                seen.add(block["id"])
                pending.add(block["id"])
            if block.get("type") == "thinking":
                changed = block.get("signature") != signature(model, messages[:number])
                _no(changed, f"{where}.content.{index}: `thinking` blocks are tied to their model and transcript")
    _no(messages[-1]["role"] == "assistant", "This model does not support assistant message prefill.")
    return citing


def _check_results(where: str, role: str, content: list[dict[str, Any]], pending: set[str]) -> None:
    given = [block.get("tool_use_id") for block in content if block.get("type") == "tool_result"]
    if pending - set(given) or (pending and role != "user"):
        ids = ", ".join(sorted(pending - set(given)))
        raise Refused(f"{where}: `tool_use` ids were found without `tool_result` blocks immediately after: {ids}.")
    for id in given:
        _no(id not in pending, f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: {id}.")
    _no(len(set(given)) != len(given), f"{where}: each tool_use must have a single result")
    first = [block.get("type") for block in content[: len(given)]]
    _no(any(kind != "tool_result" for kind in first), f"{where}: `tool_result` blocks must come first")


def _check_block(where: str, role: str, block: dict[str, Any], citing: set[bool]) -> None:
    kind = block.get("type")
    allowed = {"user": {"text", "image", "document", "search_result", "tool_result"}}
    allowed["assistant"] = {"text", "thinking", "redacted_thinking", "tool_use"}
    _no(kind not in allowed.get(role, {"text"}), f"{where}: {kind!r} blocks are not permitted in {role} messages")
    if kind == "text":
        _no(not str(block.get("text") or "").strip(), f"{where}: text content blocks must contain non-whitespace text")
        _no(role == "user" and bool(block.get("citations")), f"{where}.citations: not permitted in user messages")
    elif kind == "image":
        _check_image(where, block.get("source") or {})
    elif kind == "tool_use":
        _no(not _ID.fullmatch(str(block.get("id"))), f"{where}.id: String should match pattern")
        _no(not isinstance(block.get("input"), dict), f"{where}.input: Input should be a valid dictionary")
    elif kind == "search_result":
        _no(not block.get("source") or not block.get("title"), f"{where}: source and title are required")
        for inner in block.get("content") or [{}]:
            _no(not str(inner.get("text") or "").strip(), f"{where}: text content blocks must be non-empty")
        citing.add(bool((block.get("citations") or {}).get("enabled")))
        _no(len(citing) > 1, f"{where}: citations must be enabled on all search results or on none")
    elif kind == "document":
        _check_document(where, block.get("source") or {})
        citing.add(bool((block.get("citations") or {}).get("enabled")))
        _no(len(citing) > 1, f"{where}: citations must be enabled on all documents or on none")
    elif kind == "tool_result" and isinstance(block.get("content"), list):
        for index, inner in enumerate(block["content"]):
            _no(inner.get("type") == "tool_result", f"{where}.content.{index}: not permitted")
            _check_block(f"{where}.content.{index}", "user", inner, citing)


def _check_image(where: str, source: dict[str, Any]) -> None:
    _no(source.get("type") == "base64" and source.get("media_type") not in IMAGES, f"{where}.source: media type")
    _check_base64(where, source)


def _check_document(where: str, source: dict[str, Any]) -> None:
    _no(source.get("type") not in {"base64", "text", "content", "url", "file"}, f"{where}.source: unknown type")
    if source["type"] == "base64":
        _no(source.get("media_type") != "application/pdf", f"{where}.source: media type")
        _check_base64(where, source)


def _check_base64(where: str, source: dict[str, Any]) -> None:
    try:
        base64.b64decode(source.get("data", ""), validate=True)
    except binascii.Error as err:
        raise Refused(f"{where}.source.data: invalid base64") from err
