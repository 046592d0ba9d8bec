"""Grounding for one turn: a question to queries, queries to sources in parallel, documents to numbered passages.

Every document passes the audience check before a byte of it is read further: in a channel or group chat only what all
members may open goes on, because everybody there reads the answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.context import Audience
from bot.grounding import passages
from bot.grounding.asked import Asked, asked, keywords
from bot.grounding.evidence import Coverage, Passage, Retrieved, Skipped
from bot.grounding.packing import MOST_TOKENS, Scored, meets, pack, rank
from bot.grounding.queries import queries
from bot.grounding.ranking import Folded, coverage, weights
from bot.grounding.reading import Reader, SoFar, reason
from bot.grounding.relations import relation_in, resolved, source_of
from graph.base import Document, Query, Source, SourceSpec
from graph.errors import ConsentRequired, GraphError, NotFound, SignInNeeded

log = logging.getLogger(__name__)

READ_ON = 6
DEADLINE_SECONDS = 12.0
ENOUGH = 0.8
"""Share of the question's weight that the best passage meets."""
_IN_PART = frozenset(("it did not answer in time", "Microsoft could not answer"))
PROMISING = 0.4
"""Share of the question's weight that the name of an unread file meets: it is waited for."""


@dataclass(slots=True)
class Grounding:
    """What one turn may look at. `now` gives seconds since 1970; `on_reading` hears how many documents are being read."""

    sources: Mapping[str, Source]
    audience: Audience
    now: Callable[[], float]
    on_reading: Callable[[int], None] = lambda _: None
    deadline: float = DEADLINE_SECONDS
    budget: int = MOST_TOKENS
    """Tokens of evidence a search hands over at most."""
    specs: Mapping[str, SourceSpec] = field(default_factory=dict[str, SourceSpec])
    """What the sources say of themselves; one that is not in here is asked every question."""
    timezone: str = "UTC"
    """The asker's, an IANA name: "yesterday" is theirs."""
    retrieved: Retrieved = field(default_factory=Retrieved)
    coverage: Coverage = field(default_factory=Coverage)
    open_to: frozenset[str] | None = None
    """Who may open all that was found for a shared place; None until something was."""
    _reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self._reader = Reader(self._skip, self._opened)

    async def search(self, question: str, only: Sequence[str] = ()) -> list[Passage]:
        """The best passages for a question, from all sources it can be about or only those named; none when what was found
        does not meet it.

        A source that fails or is late is noted in `coverage` and the rest is used. Raises `SignInNeeded` when a source
        has no usable token: the person must act first.
        """
        of = await self._with_people(asked(question, self._local_now()))
        variants = queries(of)
        known = {word.casefold() for word in self.coverage.words}
        self.coverage.words.extend(word for word in keywords(question) if word.casefold() not in known)
        names = [name for name in self.sources if (name in only if only else self._wanted(name, of))]
        names.sort(key=self._optional)  # the main ones are first in line
        if not variants or not names:
            return []
        parts = {name: SoFar() for name in names}
        ranked = await self._gathered(of, variants, parts)
        return self.retrieved.add(pack(ranked, self.budget))

    async def _with_people(self, of: Asked) -> Asked:
        """Whom "from my manager" means, should the directory say so; it costs a call, for these questions alone."""
        relation, known = relation_in(of.text), source_of(self.sources)
        if relation is None or known is None:
            return of
        name, source = known
        names: list[str] = []

        async def ask() -> None:
            names.extend(await source.related(relation))

        await self._noting(name, ask())
        return resolved(of, names)

    async def _gathered(self, of: Asked, variants: Sequence[Query], parts: Mapping[str, SoFar]) -> list[Scored]:
        """Ranked, when every source is done or the main ones have what it takes; what is late can be searched for again."""
        tasks = {name: asyncio.create_task(self._one_source(name, of, variants, part)) for name, part in parts.items()}
        main = [part for name, part in parts.items() if not self._optional(name)] or list(parts.values())
        everything: asyncio.Future[Any] = asyncio.gather(*tasks.values())
        settled: asyncio.Future[Any] = asyncio.gather(*(part.settled.wait() for part in main))
        try:
            await asyncio.wait({everything, settled}, return_when=asyncio.FIRST_COMPLETED)
            if not everything.done():
                ranked = await asyncio.to_thread(self._ranked, of, list(parts.values()))
                if self._enough(of, ranked, list(parts.values())):
                    self._left_behind({name: parts[name] for name, task in tasks.items() if not task.done()})
                    return ranked
            await everything
            return await asyncio.to_thread(self._ranked, of, list(parts.values()))
        finally:
            settled.cancel()
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(settled, everything, *tasks.values(), return_exceptions=True)

    def _left_behind(self, late: Mapping[str, SoFar]) -> None:
        """Two rounds make a search; what comes after them are files of mails."""
        for name, part in late.items():
            if part.settled.is_set():
                self._searched(name)
            if part.failed is not None:
                self._source_failed(name, reason(part.failed), part)
            if part.unread or not part.settled.is_set():
                why = "some attached files were still unread" if part.unread else "the rest had answered before"
                self.coverage.cut.append(Skipped(name, why))

    def _ranked(self, of: Asked, parts: Sequence[SoFar]) -> list[Scored]:
        documents = [document for part in parts for document in part.documents]
        fused = {id: score for part in parts for id, score in part.scores.items()}
        return rank(of, documents, fused, self.now())

    def _enough(self, of: Asked, ranked: Sequence[Scored], parts: Sequence[SoFar]) -> bool:
        """Whether one passage meets nearly all of the question, and no unread file is likely to be what is asked for: one
        attached to that passage's mail, one whose name says so, or any where a file is asked for.
        """
        if not ranked or meets(of, ranked[0]) < ENOUGH:
            return False
        unread = [file for part in parts for file in part.unread]
        if unread and (of.kind == "file" or of.file_types):
            return False
        return all(
            file.attachment_of != ranked[0].document.id and coverage(weights(of), Folded(file.title)) < PROMISING
            for file in unread
        )

    def _optional(self, name: str) -> bool:
        spec = self.specs.get(name)
        return spec is not None and spec.optional

    @property
    def documents(self) -> tuple[Document, ...]:
        """Everything that was read this turn; all of it passed the audience check, not all of it the rules for labels."""
        return tuple(self._reader.known.values())

    async def read(self, passage_id: str) -> list[Passage]:
        """The document behind a passage, from there on. Raises `NotFound` for a made-up id."""
        known = self.retrieved.get(passage_id)
        if known is None:
            raise NotFound(f"There is no passage {passage_id}.")
        document = await self._reader.read(self.sources[known.document.source], known.document)
        if document is None:
            return []
        parts = passages.of(document)
        start = next((n for n, part in enumerate(parts) if known.text.startswith(part)), -1)
        shown = [Scored(document, known.text, 0.0, max(start, 0))] if start >= 0 else []
        while start >= 0 and start < len(parts) and parts[start] in known.text:
            start += 1
        rest = parts[max(start, 0) : max(start, 0) + READ_ON - len(shown)]
        return self.retrieved.add([*shown, *(Scored(document, part, 0.0, n) for n, part in enumerate(rest, start))])

    def _wanted(self, name: str, of: Asked) -> bool:
        spec = self.specs.get(name)
        return spec is None or spec.wanted is None or spec.wanted(of.hints())

    def _local_now(self) -> datetime:
        moment = datetime.fromtimestamp(self.now(), UTC)
        try:
            return moment.astimezone(ZoneInfo(self.timezone))
        except (ZoneInfoNotFoundError, ValueError):
            return moment

    async def _one_source(self, name: str, of: Asked, variants: Sequence[Query], so_far: SoFar) -> None:
        try:
            if await self._noting(
                name, self._reader.search(self.sources[name], of, variants, self._admit, so_far), so_far
            ):
                self._searched(name)
        finally:
            so_far.settled.set()

    async def _noting(self, name: str, work: Awaitable[None], so_far: SoFar | None = None) -> bool:
        """Whether it was done in time; else why not is noted. Raises `SignInNeeded` where the person must act first."""
        spec = self.specs.get(name)
        try:
            async with asyncio.timeout(self.deadline):
                await work
        except ConsentRequired as needed:
            if spec is None or not spec.optional:
                raise
            self.coverage.consents.update(needed.scopes)
            self._source_failed(name, "you have not agreed to it yet")
        except SignInNeeded:
            raise
        except TimeoutError:
            self._source_failed(name, "it did not answer in time", so_far)
        except GraphError as error:
            log.warning("source %s failed: %s %s", name, type(error).__name__, error.code)
            self._source_failed(name, reason(error), so_far)
        else:
            return True
        return False

    async def _admit(self, source: Source, document: Document) -> Document | None:
        """The audience check. In a shared place not even the title of what fails it is told."""
        if self.audience.personal:
            return document
        readers = await self._readers(source, document)
        if self.audience.may_learn(readers):
            self.open_to = readers if self.open_to is None or readers is None else self.open_to & readers
            return document
        self.coverage.withheld = True
        return None

    async def _readers(self, source: Source, document: Document) -> frozenset[str] | None:
        try:
            return await source.readers(document.id)
        except SignInNeeded:
            raise
        except GraphError:
            return None  # unknown readers are nobody but the asker

    def _opened(self) -> None:
        self.coverage.read += 1

    def _searched(self, name: str) -> None:
        if name not in self.coverage.searched:
            self.coverage.searched.append(name)

    def _source_failed(self, name: str, why: str, so_far: SoFar | None = None) -> None:
        why = f"{why} with everything" if so_far is not None and so_far.documents and why in _IN_PART else why
        if all(skipped.what != name for skipped in self.coverage.failed):
            self.coverage.failed.append(Skipped(name, why))

    def _skip(self, what: str, why: str) -> None:
        if Skipped(what, why) not in self.coverage.skipped:
            self.coverage.skipped.append(Skipped(what, why))
