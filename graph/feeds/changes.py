"""Follows Graph's delta queries: all pages of one round, and the link the next round begins with."""

from collections.abc import Mapping
from typing import Any

from graph.client import Graph
from graph.errors import ForeignLink, NotFound
from graph.parse import dicts_at, text_at

MOST_PAGES = 40


async def changes(
    graph: Graph, path: str, params: Mapping[str, str], link: str, *, headers: Mapping[str, str] | None = None
) -> tuple[list[Mapping[str, Any]], str]:
    """(entries, the next round's link). `link`: of the round before; empty, or one Graph has forgotten, begins anew with `params`.

    The next link is empty after too many pages: the next round then begins anew as well.
    Source: https://learn.microsoft.com/graph/delta-query-overview (410 and a new start)
    """
    if not link:
        return await _round(graph, await graph.get(path, params, headers), headers)
    try:
        first = await graph.follow(link, headers)
    except (NotFound, ForeignLink):
        first = await graph.get(path, params, headers)
    return await _round(graph, first, headers)


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
