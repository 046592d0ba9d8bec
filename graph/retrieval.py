"""Microsoft's Copilot Retrieval API: passages by meaning instead of words, where the tenant has it.

Source: https://learn.microsoft.com/microsoft-365-copilot/extensibility/api/ai-services/retrieval/copilotroot-retrieval
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from graph.base import Document, Query, SourceSpec
from graph.client import Graph
from graph.errors import NotFound
from graph.files import GROUP_SCOPES, Files, document_of, share_path
from graph.options import Options
from graph.parse import dicts_at, link_of, text_at
from graph.wire.batches import Part

SCOPES = ("Files.Read.All", "Sites.Read.All")
SOURCES = ("sharePoint", "oneDriveBusiness")
"""One a call, so both go in one batch."""
MAX_QUERY = 1500
MAX_HITS = 25


class Retrieval:
    name: ClassVar[str] = "retrieval"
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    def __init__(self, graph: Graph) -> None:
        self._graph, self._files = graph.scoped(SCOPES), Files(graph)
        self._asked: set[str] = set()

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """Each with the passages that answer as its text. A question is asked once a turn: 200 calls an hour are allowed."""
        words = " ".join((*query.all_of, *query.any_of))
        question = " ".join((query.question or words).split())[:MAX_QUERY]
        if not question or top <= 0 or question in self._asked:
            return []
        self._asked.add(question)
        answers = await self._graph.batch([_part(question, kind, min(top, MAX_HITS)) for kind in SOURCES])
        if not any(answer.ok for answer in answers):
            answers[0].json()
        hits = [hit for answer in answers if answer.ok for hit in dicts_at(answer.body, "retrievalHits")]
        hits = sorted((hit for hit in hits if link_of(text_at(hit, "webUrl"))), key=_relevance, reverse=True)[:top]
        items = await self._graph.batch([Part(share_path(text_at(hit, "webUrl"))) for hit in hits])
        found = [_document(hit, item.found()) for hit, item in zip(hits, items, strict=True)]
        return [document for document in found if document is not None]

    async def read(self, id: str) -> Document:
        whole = await self._files.read(_file(id))
        return replace(whole, id=id, source=Retrieval.name)

    async def readers(self, id: str) -> frozenset[str] | None:
        return await self._files.readers(_file(id))


def _part(question: str, kind: str, top: int) -> Part:
    body = {
        "queryString": question,
        "dataSource": kind,
        "resourceMetadata": ["title", "author"],
        "maximumNumberOfResults": top,
    }
    return Part("/copilot/retrieval", "POST", {"Content-Type": "application/json"}, body, reads=True)


def _relevance(hit: Mapping[str, Any]) -> float:
    scores = [extract.get("relevanceScore") for extract in dicts_at(hit, "extracts")]
    return max((float(score) for score in scores if isinstance(score, int | float)), default=0.0)


def _document(hit: Mapping[str, Any], item: Mapping[str, Any]) -> Document | None:
    """The hit's passages, and everything else from the file itself."""
    texts = [text_at(extract, "text").strip() for extract in dicts_at(hit, "extracts")]
    file = document_of(item, text="\n\n".join(text for text in texts if text))
    if file is None:
        return None
    label = text_at(hit, "sensitivityLabel", "displayName") or file.label
    return replace(file, id=f"retrieval:{file.id.partition(':')[2]}", source=Retrieval.name, label=label)


def _file(id: str) -> str:
    """The same file's id as the source of files writes it. Raises `NotFound` for what is no id of ours."""
    prefix, _, rest = id.partition(":")
    if prefix != Retrieval.name:
        raise NotFound("There is no file with this id.", status=404)
    return f"files:{rest}"


def enabled(options: Options) -> bool:
    return options.copilot


SOURCE = SourceSpec(
    "retrieval",
    "files by meaning, with Microsoft's Copilot",
    SCOPES,
    Retrieval,
    also=GROUP_SCOPES,
    optional=True,
    enabled=enabled,
)
