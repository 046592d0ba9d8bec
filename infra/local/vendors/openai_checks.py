"""What OpenAI's Responses and Chat Completions APIs refuse, as far as a bot can run into it."""

import re
from collections.abc import Mapping
from typing import Any

RESPONSES = {
    *("model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "text", "store"),
    *("max_output_tokens", "max_tool_calls", "previous_response_id", "conversation", "include", "prompt_cache_key"),
    *("prompt_cache_options", "safety_identifier", "service_tier", "truncation", "metadata", "background", "stream"),
    *("stream_options", "user", "top_logprobs", "prompt"),
}
_TOOL = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ROLES = {"user", "assistant", "system", "developer"}


class Refused(Exception):
    """Becomes a 400 `invalid_request_error`; `param` names the field."""

    def __init__(self, message: str, param: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.param, self.code = param, code


def check_responses(body: Mapping[str, Any]) -> None:
    for name in ("temperature", "top_p"):
        _no(name in body, f"Unsupported parameter: '{name}' is not supported with this model.", name)
    for name in body.keys() - RESPONSES:
        raise Refused(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    effort = (body.get("reasoning") or {}).get("effort", "low")
    _no(effort in {"none", "minimal"} and body["model"].startswith("gpt-6.2"), "Unsupported effort", "reasoning.effort")
    _no(int(body.get("max_output_tokens") or 16) < 16, "The minimum value is 16.", "max_output_tokens")
    _no(len(body.get("prompt_cache_key") or "") > 64, "String too long: at most 64.", "prompt_cache_key")
    _no(len(body.get("safety_identifier") or "") > 64, "String too long: at most 64.", "safety_identifier")
    for number, tool in enumerate(body.get("tools") or []):
        missing = {"type", "name", "parameters", "strict"} - tool.keys()
        _no(bool(missing), f"Missing required parameter: 'tools[{number}]'.", f"tools[{number}]")
        _check_function(tool, f"tools[{number}]")
    form = (body.get("text") or {}).get("format") or {}
    if form.get("type") == "json_schema":
        _check_form(form, "text.format")
    _check_items(body.get("input"))


def check_chat(body: Mapping[str, Any]) -> None:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("'messages' must be a non-empty array.", "messages")
    for number, tool in enumerate(body.get("tools") or []):
        _no("function" not in tool, "Missing required parameter.", f"tools[{number}].function")
        _check_function(tool["function"], f"tools[{number}].function")
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        _check_form(form.get("json_schema") or {}, "response_format.json_schema")
    pending: set[str] = set()
    for number, message in enumerate(messages):
        role = message.get("role")
        where = f"messages.[{number}]"
        _no(role not in _ROLES | {"tool"}, f"Invalid value: '{role}'.", f"{where}.role")
        if role == "tool":
            _no(message.get("tool_call_id") not in pending, "'tool' must follow 'tool_calls'.", f"{where}.role")
            _no(not isinstance(message.get("content"), str), "Tool messages take text.", f"{where}.content")
            pending.discard(message["tool_call_id"])
            continue
        _no(bool(pending), "An assistant message with 'tool_calls' must be followed by tool messages.", where)
        pending = {call["id"] for call in message.get("tool_calls") or []}
        _no(not message.get("content") and not pending, "Expected content.", f"{where}.content")
    _no(bool(pending), "An assistant message with 'tool_calls' must be followed by tool messages.", "messages")


def _no(wrong: bool, message: str, param: str = "") -> None:
    if wrong:
        raise Refused(message, param)


def _check_form(form: Mapping[str, Any], where: str) -> None:
    _no(not _TOOL.fullmatch(str(form.get("name"))), "Invalid name.", f"{where}.name")
    _no(not isinstance(form.get("schema"), dict), "Missing required parameter.", f"{where}.schema")
    if form.get("strict"):
        _check_strict(form["schema"], f"{where}.schema")


def _check_strict(schema: Any, where: str) -> None:
    """https://developers.openai.com/api/docs/guides/structured-outputs: every object closed, and all of it required."""
    if isinstance(schema, list):
        for inner in schema:
            _check_strict(inner, where)
    elif isinstance(schema, dict):
        if schema.get("type") == "object":
            complete = set(schema.get("required") or ()) == set(schema.get("properties") or {})
            closed = schema.get("additionalProperties") is False
            _no(not (complete and closed), "Invalid schema: required and additionalProperties.", where)
        for inner in [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("anyOf")]:
            _check_strict(inner, where)


def _check_function(tool: Mapping[str, Any], where: str) -> None:
    _no(not _TOOL.fullmatch(str(tool.get("name"))), "Invalid name.", f"{where}.name")
    if tool.get("strict"):
        schema = tool["parameters"]
        complete = set(schema.get("required") or ()) == set(schema.get("properties") or {})
        closed = schema.get("additionalProperties") is False
        _no(not (complete and closed), "Invalid schema for function: required and additionalProperties.", where)


def _check_items(items: Any) -> None:
    if isinstance(items, str):
        return
    if not isinstance(items, list) or not items:
        raise Refused("Missing required parameter: 'input'.", "input")
    calls: set[str] = set()
    answered: set[str] = set()
    for number, item in enumerate(items):
        where, kind = f"input[{number}]", item.get("type", "message")
        if kind == "message":
            _no(item.get("role") not in _ROLES, "Invalid role.", f"{where}.role")
            _no(not item.get("content"), "Invalid content.", f"{where}.content")
            _no("id" in item, f"Item with id '{item.get('id')}' not found: items are not stored.", where)
            _check_content(item, where)
        elif kind == "function_call":
            _no("id" in item, f"Item with id '{item.get('id')}' not found: items are not stored.", where)
            _no(item["call_id"] in calls, "Duplicate call_id.", where)
            _no(not isinstance(item.get("arguments"), str), "arguments must be a string.", where)
            _no(not _TOOL.fullmatch(str(item.get("name"))), "Invalid name.", f"{where}.name")
            calls.add(item["call_id"])
        elif kind == "function_call_output":
            known = item.get("call_id") in calls - answered
            _no(not known, f"No tool call found for function call output with call_id {item.get('call_id')}.", where)
            answered.add(item["call_id"])
        elif kind == "reasoning":
            _no(not item.get("encrypted_content"), f"Item with id '{item.get('id')}' not found.", where)
        else:
            raise Refused(f"Invalid value: '{kind}'.", f"{where}.type")
    if calls - answered:
        raise Refused(f"No tool output found for function call {min(calls - answered)}.", "input")


def _check_content(item: Mapping[str, Any], where: str) -> None:
    if isinstance(item["content"], str):
        return
    allowed = {"output_text", "refusal"} if item["role"] == "assistant" else {"input_text", "input_image", "input_file"}
    for index, part in enumerate(item["content"]):
        _no(part.get("type") not in allowed, f"Invalid value: '{part.get('type')}'.", f"{where}.content[{index}]")
        if part["type"] == "input_file":
            held = part.get("file_data") or ""
            whole = part.get("file_id") or part.get("file_url") or (part.get("filename") and held.startswith("data:"))
            _no(not whole, "Missing required parameter.", f"{where}.content[{index}].filename")
