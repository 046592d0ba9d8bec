"""Grounding for one turn: words to queries, queries to sources in parallel, documents to numbered passages.

Every document passes the audience check before a byte of it is read further: in a channel or group chat only what all
members may open goes on, because everybody there reads the answer.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.context import Audience
from bot.grounding import passages
from bot.grounding.evidence import Coverage, Passage, Retrieved, Skipped
from bot.grounding.packing import Scored, pack, rank
from bot.grounding.queries import keywords, queries
from bot.grounding.ranking import fuse
from graph.base import Document, Query, Source
from graph.errors import Forbidden, GraphError, NotFound, SignInNeeded, Throttled, Unreadable

log = logging.getLogger(__name__)

HITS_A_QUERY = 10
READ_A_SOURCE = 6
READ_ATTACHED = 4
READ_ON = 6
DEADLINE_SECONDS = 12.0
BUDGET_TOKENS = 5000


@dataclass(slots=True)
class Grounding:
    """What one turn may look at. `now` gives seconds since 1970; `on_reading` hears how many documents are being read."""

    sources: Mapping[str, Source]
    audience: Audience
    now: Callable[[], float]
    on_reading: Callable[[int], None] = lambda _: None
    deadline: float = DEADLINE_SECONDS
    budget: int = BUDGET_TOKENS
    retrieved: Retrieved = field(default_factory=Retrieved)
    coverage: Coverage = field(default_factory=Coverage)
    _readable: dict[str, Document] = field(default_factory=dict)

    async def search(self, question: str, only: Sequence[str] = ()) -> list[Passage]:
        """The best passages for a question, from all sources or only those named.

        A source that fails or is late is noted in `coverage` and the rest is used. Raises `SignInNeeded` when a source
        has no usable token: the person must act first.
        """
        words = keywords(question)
        asked = queries(question)
        known = {word.casefold() for word in self.coverage.words}
        self.coverage.words.extend(word for word in words if word.casefold() not in known)
        names = [name for name in self.sources if not only or name in only]
        if not asked or not names:
            return []
        found = await asyncio.gather(*(self._one_source(name, asked) for name in names))
        documents = [document for part, _ in found for document in part]
        fused = {id: score for _, scores in found for id, score in scores.items()}
        ranked = rank(words, documents, fused, self.now())
        return self.retrieved.add(pack(ranked, self.budget))

    async def read(self, passage_id: str) -> list[Passage]:
        """The document behind a passage, from there on. Raises `NotFound` for a made-up id."""
        known = self.retrieved.get(passage_id)
        if known is None:
            raise NotFound(f"There is no passage {passage_id}.")
        name = known.document.source
        document = await self._readable_document(self.sources[name], known.document)
        if document is None:
            return []
        parts = passages.of(document)
        start = parts.index(known.text) if known.text in parts else 0
        return self.retrieved.add(
            Scored(document, parts[n], 0.0, n) for n in range(start, min(start + READ_ON, len(parts)))
        )

    async def _one_source(self, name: str, asked: Sequence[Query]) -> tuple[list[Document], dict[str, float]]:
        so_far = _SoFar()
        try:
            async with asyncio.timeout(self.deadline):
                await self._search_and_read(self.sources[name], asked, so_far)
        except SignInNeeded:
            raise
        except TimeoutError:
            self._source_failed(name, f"it did not answer in time{' with everything' if so_far.documents else ''}")
        except Throttled:
            self._source_failed(name, "Microsoft asked us to wait; try again in a minute")
        except Forbidden:
            self._source_failed(name, "you have no permission for it")
        except GraphError as error:
            log.warning("source %s failed: %s %s", name, type(error).__name__, error.code)
            self._source_failed(name, "Microsoft could not answer")
        else:
            if name not in self.coverage.searched:
                self.coverage.searched.append(name)
        return so_far.documents, so_far.scores

    async def _search_and_read(self, source: Source, asked: Sequence[Query], so_far: "_SoFar") -> None:
        """Fills `so_far` as documents are read: what is there when time is up is used."""
        answers = await asyncio.gather(*(source.search(query, top=HITS_A_QUERY) for query in asked))
        known = {document.id: document for answer in answers for document in answer}
        scores = so_far.scores
        scores |= fuse([[document.id for document in answer] for answer in answers])
        best = sorted(scores, key=lambda id: scores[id], reverse=True)
        if self.audience.personal:
            best = best[:READ_A_SOURCE]
        allowed = await asyncio.gather(*(self._admit(source, known[id]) for id in best))
        admitted = [document for document in allowed if document is not None][:READ_A_SOURCE]
        self.on_reading(len(admitted))
        await self._read_all(source, admitted, so_far)
        attached = [
            replace(mail, id=id, text="", attachments=(), attachment_of=mail.id)
            for mail in sorted(so_far.documents, key=lambda document: scores[document.id], reverse=True)
            for id in mail.attachments
        ][:READ_ATTACHED]
        scores |= {file.id: scores[file.attachment_of] for file in attached}
        await self._read_all(source, attached, so_far)

    async def _read_all(self, source: Source, documents: Sequence[Document], so_far: "_SoFar") -> None:
        async def read(document: Document) -> None:
            whole = await self._readable_document(source, document)
            if whole is not None:
                so_far.documents.append(whole)

        await asyncio.gather(*(read(document) for document in documents))

    async def _admit(self, source: Source, document: Document) -> Document | None:
        """The audience check. In a shared place not even the title of what fails it is told."""
        if self.audience.personal or self.audience.may_learn(await self._readers(source, document)):
            return document
        self._skip("something you found", "not everybody here may open it")
        return None

    async def _readers(self, source: Source, document: Document) -> frozenset[str] | None:
        try:
            return await source.readers(document.id)
        except SignInNeeded:
            raise
        except GraphError:
            return None  # unknown readers are nobody but the asker

    async def _readable_document(self, source: Source, document: Document) -> Document | None:
        if document.id in self._readable:
            return self._readable[document.id]
        try:
            whole = await source.read(document.id)
        except Unreadable as error:
            self._skip(document.title, error.reason)
            return None
        except (NotFound, Forbidden):
            self._skip(document.title, "it is gone or you may not open it")
            return None
        self.coverage.read += 1
        # Search knows the title and link people see; reading may only know the content.
        merged = replace(whole, title=whole.title or document.title, link=whole.link or document.link)
        self._readable[document.id] = merged
        return merged

    def _source_failed(self, name: str, why: str) -> None:
        if all(skipped.what != name for skipped in self.coverage.failed):
            self.coverage.failed.append(Skipped(name, why))

    def _skip(self, what: str, why: str) -> None:
        if Skipped(what, why) not in self.coverage.skipped:
            self.coverage.skipped.append(Skipped(what, why))


@dataclass(slots=True)
class _SoFar:
    """What one source has given until now."""

    documents: list[Document] = field(default_factory=list[Document])
    scores: dict[str, float] = field(default_factory=dict[str, float])
