"""A tool's JSON schema as the vendors' strict modes take it; what they do not take, our own tools check anyway."""

from collections.abc import Mapping
from typing import Any

_KEPT = {"type", "description", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf"}
_KEPT |= {"$ref", "$defs"}


def strict_schema(schema: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The schema without keywords outside the common subset, and whether strict mode can be asked for."""
    reduced = _reduced(schema)
    return reduced, _is_strict(reduced)


def _reduced(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_reduced(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key in {"properties", "$defs"} and isinstance(value, Mapping):
            result[key] = {name: _reduced(inner) for name, inner in value.items()}
        elif key in {"enum", "const", "required"}:
            result[key] = value
        elif key in _KEPT:
            result[key] = _reduced(value)
    return result


def _is_strict(schema: Any) -> bool:
    if isinstance(schema, list):
        return all(_is_strict(item) for item in schema)
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties") or {}
        closed = schema.get("additionalProperties") is False
        if not closed or set(schema.get("required") or ()) != set(properties):
            return False
    inner = [*(schema.get("properties") or {}).values(), *(schema.get("$defs") or {}).values()]
    return all(_is_strict(value) for value in [*inner, schema.get("items"), schema.get("anyOf")])
