"""Files that changed: in the person's own drive by delta, and those of others that are open to the person by search."""

from collections.abc import Mapping
from datetime import timedelta
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
MOST_KEPT = 200
LATE = timedelta(days=2)


class Files:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph.scoped(SCOPES)

    async def news(self, span: Span, cursor: Any) -> News:
        """Search learns of a change minutes later, so it is asked about two days again, and the cursor holds what was told."""
        known = moment_of(text_at(cursor, "until"))
        since = span.since if known == NEVER else known
        seen = set(cursor["seen"]) if known != NEVER and _are_texts(cursor.get("seen")) else set[str]()
        oldest = since if known == NEVER else since - LATE
        own, others = await both(
            changes(self._graph, OWN, {"$top": "200"}, text_at(cursor, "link")), self._elsewhere(oldest)
        )
        mine = [entry for item in own.entries if (entry := self._entry(item, "", mine=True)) is not None]
        rest = [entry for item, summary in others if (entry := self._entry(item, summary, mine=False)) is not None]
        told = [entry for entry in mine if entry.document.modified > (since if own.anew else oldest)]
        told += [entry for entry in rest if entry.document.modified > oldest]
        found: dict[str, Entry] = {}
        for entry in told:
            if _key(entry) not in seen:
                found.setdefault(entry.document.id, entry)
        ordered = sorted(found.values(), key=lambda entry: entry.document.modified)
        kept = sorted(_key(entry) for entry in (*mine, *rest) if entry.document.modified > span.until - LATE)
        return News(tuple(ordered), {"link": own.link, "until": span.until.isoformat(), "seen": kept[:MOST_KEPT]})

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


def _key(entry: Entry) -> str:
    return f"{entry.document.id} {entry.document.modified.isoformat()}"


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


FEED = FeedSpec("files", SCOPES, Files)
