"""Reads what a model filled into a form. Whatever the vendor promised of it, its words are a stranger's until read here."""

import json
from typing import Any

LONGEST = 200_000
"""Characters of a form that is read at all."""


def object_in(text: str) -> dict[str, Any] | None:
    """The one JSON object in it, also between the fences or words some models put around it; None when there is none."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end - start > LONGEST:
        return None
    try:
        value = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def items(value: Any, most: int) -> list[Any]:
    return value[:most] if isinstance(value, list) else []


def words(value: Any, most: int) -> str:
    """On one line, without what no encoding takes; empty for anything that is no string, or one that is too long."""
    if not isinstance(value, str) or len(value) > most:
        return ""
    return " ".join(value.encode("utf-8", "ignore").decode("utf-8").split())
