"""Microsoft's own description of the Bot Connector, to check what a bot sends against it."""

import functools
import json
from importlib import resources
from typing import Any

import jsonschema


@functools.cache
def _validator(name: str) -> Any:
    document = json.loads((resources.files("infra.local") / "data" / "ConnectorAPI.swagger.json").read_text("utf-8"))
    definitions = {key: _loosened(schema) for key, schema in document["definitions"].items()}
    return jsonschema.Draft4Validator({"$ref": f"#/definitions/{name}", "definitions": definitions})


def _loosened(schema: Any) -> Any:
    """A bare object means any value, and a set marked `modelAsString` is open (data/SOURCE.md says why)."""
    if isinstance(schema, list):
        return [_loosened(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    if schema.get("type") == "object" and "properties" not in schema and "additionalProperties" not in schema:
        return {}
    open_set = schema.get("x-ms-enum", {}).get("modelAsString", False)
    return {key: _loosened(value) for key, value in schema.items() if not (open_set and key == "enum")}


def faults(name: str, value: Any) -> list[str]:
    """Sentences on where `value` differs from the definition `name`; empty when it does not."""
    return [
        f"{name}{_path(error.absolute_path)}: {error.message[:200]}" for error in _validator(name).iter_errors(value)
    ]


def _path(parts: Any) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
