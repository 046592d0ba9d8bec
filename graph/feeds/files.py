"""Files that changed: in the person's own drive by delta, and those of others that are open to the person by search."""

from collections.abc import Mapping
from typing import Any

from graph.client import Graph
from graph.errors import Forbidden, NotFound, Rejected, Unavailable
from graph.feed import Entry, FeedSpec, News, Span
from graph.feeds.changes import changes, is_removed
from graph.files import SCOPES, document_of
from graph.parse import NEVER, hits_of, moment_of, summary_of, text_at
from graph.together import both

OWN = "/me/drive/root/delta"
MOST = 50


class Files:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph.scoped(SCOPES)

    async def news(self, span: Span, cursor: Any) -> News:
        known = moment_of(text_at(cursor, "until"))
        since = span.since if known == NEVER else known
        (own, link), others = await both(
            changes(self._graph, OWN, {"$top": "200"}, text_at(cursor, "link")), self._elsewhere(since)
        )
        found: dict[str, Entry] = {}
        told = [self._entry(item, "", mine=True) for item in own]
        told += [self._entry(item, summary, mine=False) for item, summary in others]
        for entry in told:
            if entry is not None and since < entry.document.modified <= span.until:
                found.setdefault(entry.document.id, entry)
        ordered = sorted(found.values(), key=lambda entry: entry.document.modified)
        return News(tuple(ordered), {"link": link, "until": span.until.isoformat()})

    async def _elsewhere(self, since: Any) -> list[tuple[Mapping[str, Any], str]]:
        """(item, the passage search shows), newest first; nothing where Microsoft's search is refused."""
        # By the day: the index knows no finer time.
        query = f"isDocument:true AND lastmodifiedtime>={since:%Y-%m-%d}"
        request = {
            "entityTypes": ["driveItem"],
            "query": {"queryString": query},
            "from": 0,
            "size": MOST,
            "sortProperties": [{"name": "lastModifiedDateTime", "isDescending": True}],
        }
        try:
            reply = await self._graph.post("/search/query", {"requests": [request]}, safe=True)
        except (Rejected, Forbidden, NotFound, Unavailable):
            return []
        return [
            (dict(hit["resource"]), summary_of(hit)) for hit in hits_of(reply) if isinstance(hit.get("resource"), dict)
        ]

    def _entry(self, item: Mapping[str, Any], summary: str, *, mine: bool) -> Entry | None:
        if is_removed(item) or "folder" in item or "package" in item or not text_at(item, "name"):
            return None
        document = document_of(item, text=summary)
        if document is None:
            return None
        me = self._graph.person_id
        made, changed = (text_at(item, key, "user", "id") for key in ("createdBy", "lastModifiedBy"))
        personal = text_at(item, "parentReference", "driveType") in {"business", "personal"}
        return Entry(
            document,
            author=" ".join(text_at(item, "lastModifiedBy", "user", "displayName").split()),
            at=document.modified,
            mine=changed == me,
            own=mine or made == me,
            shared=personal and not mine and made != me,
            bulk=not changed,
            mark=text_at(item, "eTag") or document.modified.isoformat(),
        )


FEED = FeedSpec("files", SCOPES, Files)
