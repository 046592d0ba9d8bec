"""Answers of a given form: how a model that cannot be bound to one is asked for it, and how any model's is read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from providers.base import AnswerSchema, Request, Response
from providers.errors import Incomplete
from providers.schema import strict_schema

ASKED = "Answer with one JSON object of this schema and nothing else, no words around it and no code fence:"
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}


def told(request: Request) -> Request:
    """The same wish in words, for whom no better way is known."""
    if request.schema is None:
        return request
    schema, _ = strict_schema(request.schema.schema)
    # The schema is ours, not somebody's text: it may stand among the instructions.
    wish = f"{ASKED}\n{json.dumps(schema, ensure_ascii=False)}"
    return replace(request, system=f"{request.system}\n\n{wish}".strip(), schema=None)


def bindable(schema: AnswerSchema) -> bool:
    """Whether vendors' strict modes take it."""
    return strict_schema(schema.schema)[1]


def parsed(response: Response, schema: AnswerSchema) -> dict[str, Any]:
    """The object a model answered with. Raises Incomplete when it is none, or not of that schema, whatever the vendor promised."""
    found = _object_in(response.message.text)
    if found is None or not fits(found, schema.schema):
        raise Incomplete(
            "The model's answer does not have the form that was asked for.", request_id=response.request_id
        )
    return found


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a JSON value is of a schema, as far as the strict subset goes: types, properties, items, enum, const, anyOf."""
    if "const" in schema and not _same(value, schema["const"]):
        return False
    if "enum" in schema and not any(_same(value, one) for one in schema["enum"]):
        return False
    if "anyOf" in schema and not any(fits(value, inner) for inner in schema["anyOf"]):
        return False
    if "type" in schema and not _is(value, schema["type"]):
        return False
    if isinstance(value, list):
        return all(fits(item, schema.get("items") or {}) for item in value)
    return not isinstance(value, dict) or _has(value, schema)


def _has(value: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    properties = schema.get("properties") or {}
    if not set(schema.get("required") or ()) <= value.keys():
        return False
    if schema.get("additionalProperties") is False and value.keys() - properties.keys():
        return False
    return all(fits(value[name], inner) for name, inner in properties.items() if name in value)


def _is(value: Any, kinds: str | Sequence[str]) -> bool:
    names = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(value, bool):
        # In Python it is an int, too.
        return "boolean" in names
    whole = isinstance(value, float) and value.is_integer() and "integer" in names
    return whole or any(isinstance(value, _TYPES[name]) for name in names)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _object_in(text: str) -> dict[str, Any] | None:
    """Models that were only told put fences or words around it, against the request."""
    start, end = text.find("{"), text.rfind("}")
    try:
        value = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
