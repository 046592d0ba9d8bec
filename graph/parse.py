"""Reads fields out of Graph's JSON without trusting their presence or type."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def text_at(value: Any, *path: str) -> str:
    """The string at a path of keys, or an empty one."""
    found = dict_at(value, *path[:-1]).get(path[-1])
    return found if isinstance(found, str) else ""


def dict_at(value: Any, *path: str) -> Mapping[str, Any]:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def dicts_at(value: Any, *path: str) -> Iterator[Mapping[str, Any]]:
    """The objects in the list at a path of keys."""
    found = dict_at(value, *path[:-1]).get(path[-1])
    yield from (entry for entry in (found if isinstance(found, list) else ()) if isinstance(entry, Mapping))


def moment_of(value: str) -> datetime:
    """An ISO 8601 moment, UTC where it names no offset; 1970 where it is none."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return NEVER
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def link_of(value: str) -> str:
    """A web link as Graph gave it, or nothing when it is no https (or loopback http) address."""
    try:
        parts = urlsplit(value)
        local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
    except ValueError:
        return ""
    return value if (parts.scheme == "https" or local) and parts.hostname else ""


def hits_of(reply: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The hits of a /search/query answer, in its order."""
    for answer in dicts_at(reply, "value"):
        for container in dicts_at(answer, "hitsContainers"):
            yield from dicts_at(container, "hits")


def summary_of(hit: Mapping[str, Any]) -> str:
    """A hit's summary without its marks (`<c0>` around hits, `<ddd/>` for left-out text)."""
    text = text_at(hit, "summary")
    for mark, shown in (("<c0>", ""), ("</c0>", ""), ("<ddd/>", "…")):
        text = text.replace(mark, shown)
    return " ".join(text.split())
