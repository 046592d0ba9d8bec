"""Follows Graph's delta queries: all pages of one round, and the link the next round begins with."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from graph.client import Graph
from graph.errors import ForeignLink, NotFound
from graph.parse import dicts_at, text_at

MOST_PAGES = 40


@dataclass(frozen=True, slots=True)
class Changes:
    entries: list[Mapping[str, Any]]
    link: str
    """What the next round begins with."""
    anew: bool
    """They are all there are, not only what changed."""


async def changes(
    graph: Graph, path: str, params: Mapping[str, str], link: str, *, headers: Mapping[str, str] | None = None
) -> "Changes":
    """`link`: of the round before; empty, or one Graph has forgotten, begins anew with `params`.

    The next link is empty after too many pages: the next round then begins anew as well.
    Source: https://learn.microsoft.com/graph/delta-query-overview (410 and a new start)
    """
    first = None
    if link:
        with suppress(NotFound, ForeignLink):
            first = await graph.follow(link, headers)
    anew = first is None
    found, following = await _round(
        graph, first if first is not None else await graph.get(path, params, headers), headers
    )
    return Changes(found, following, anew)


async def _round(
    graph: Graph, page: Mapping[str, Any], headers: Mapping[str, str] | None
) -> tuple[list[Mapping[str, Any]], str]:
    found: list[Mapping[str, Any]] = [*dicts_at(page, "value")]
    for _ in range(MOST_PAGES):
        following = text_at(page, "@odata.nextLink")
        if not following:
            return found, text_at(page, "@odata.deltaLink")
        page = await graph.follow(following, headers)
        found += dicts_at(page, "value")
    return found, ""


def is_removed(entry: Mapping[str, Any]) -> bool:
    return "@removed" in entry or "deleted" in entry
