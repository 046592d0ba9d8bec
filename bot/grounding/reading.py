"""One source's part of a search: its hits, then the best of them read, under the turn's deadline."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from bot.grounding.asked import Asked
from bot.grounding.ranking import Folded, coverage, fuse, weights
from bot.grounding.untrusted import readable
from graph.base import Document, Expands, Query, ReadsMany, Source
from graph.errors import Forbidden, GraphError, NotFound, SignInNeeded, Throttled, Unreadable
from graph.together import every

HITS_A_QUERY = 20
READ_A_SOURCE = 8
READ_ATTACHED = 4
THREADS = 4
CHECKED_READERS = 20
"""Of hits in a shared place; each costs a call."""

Skip = Callable[[str, str], None]
Admit = Callable[[Source, Document], Awaitable[Document | None]]


@dataclass(slots=True)
class SoFar:
    """What one source has given until now: what is there when time is up is used."""

    documents: list[Document] = field(default_factory=list[Document])
    scores: dict[str, float] = field(default_factory=dict[str, float])
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """Two rounds are over: what comes now are files of mails."""
    unread: tuple[Document, ...] = ()
    """Attached files that are still to be read: their names, and whose they are."""
    failed: GraphError | None = None
    """Why some of the queries found nothing."""


@dataclass(slots=True)
class Reader:
    """Reads documents once a turn. `skip` hears what could not be used, and why."""

    skip: Skip
    opened: Callable[[], None]
    known: dict[str, Document] = field(default_factory=dict[str, Document])

    async def search(self, source: Source, of: Asked, asked: Sequence[Query], admit: Admit, so_far: SoFar) -> None:
        """Two calls after each other: all queries, then the best hits. Files of mails come after that.

        Raises `GraphError`, at the end where only some of the queries failed; what was read until then is in `so_far`.
        """
        answers = await self._answers(source, asked, so_far)
        hits = {document.id: document for answer in answers for document in reversed(answer)}
        so_far.scores |= fuse([[document.id for document in answer] for answer in answers])
        best = _promising(of, list(hits.values()), so_far.scores)
        admitted = [
            document
            for document in await every(admit(source, document) for document in best[:CHECKED_READERS])
            if document is not None
        ][:READ_A_SOURCE]
        await self.read_all(source, admitted, so_far)
        await self._read_around(source, admitted, admit, so_far)
        mails = list({document.id: document for document in so_far.documents}.values())
        attached = _attached(of, mails, so_far.scores)
        so_far.scores |= {file.id: so_far.scores.get(file.attachment_of, 0.0) for file in attached}
        so_far.unread = tuple(attached)
        so_far.settled.set()
        await self.read_all(source, attached, so_far)
        so_far.unread = ()
        if so_far.failed is not None:
            raise so_far.failed

    async def _answers(self, source: Source, asked: Sequence[Query], so_far: SoFar) -> list[list[Document]]:
        """Of the queries that were answered; one that fails takes nothing from the others."""
        outcomes = await asyncio.gather(
            *(source.search(query, top=HITS_A_QUERY) for query in asked), return_exceptions=True
        )
        answers = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
        for error in (outcome for outcome in outcomes if isinstance(outcome, BaseException)):
            if isinstance(error, SignInNeeded) or not isinstance(error, GraphError) or not answers:
                raise error
            so_far.failed = error
        return answers

    async def _read_around(self, source: Source, best: Sequence[Document], admit: Admit, so_far: SoFar) -> None:
        """What was answered to the best hits repeats their words too seldom to be found itself."""
        if not isinstance(source, Expands):
            return
        first: dict[str, Document] = {}
        for document in best:
            if document.thread:
                first.setdefault(document.thread, document)
        wanted = {document.id for document in best}
        for document in await source.around(list(first.values())[:THREADS]):
            if document.id not in wanted and await admit(source, document) is not None:
                self.opened()
                so_far.documents.append(self.known.setdefault(document.id, readable(document)))

    async def read_all(self, source: Source, documents: Sequence[Document], so_far: SoFar) -> None:
        missing = [document for document in documents if document.id not in self.known and not document.complete]
        there = [document for document in documents if document not in missing]
        so_far.documents += [self.known.get(document.id) or readable(document) for document in there]
        if isinstance(source, ReadsMany) and len(missing) > 1 and not any(d.attachment_of for d in missing):
            found = await source.read_many([document.id for document in missing])
            so_far.documents += [
                whole
                for document, outcome in zip(missing, found, strict=True)
                if (whole := self._taken(document, outcome)) is not None
            ]
            return

        async def read(document: Document) -> None:
            try:
                whole = await self.read(source, document)
            except SignInNeeded:
                raise
            except GraphError as error:
                whole = self._taken(document, error)
            if whole is not None:
                so_far.documents.append(whole)

        await every(map(read, missing))

    async def read(self, source: Source, document: Document) -> Document | None:
        """None for what cannot be read, which is noted. Raises `GraphError` for trouble that is not the document's own."""
        if document.id in self.known:
            return self.known[document.id]
        try:
            return self._taken(document, await source.read(document.id))
        except (Unreadable, NotFound, Forbidden) as error:
            return self._taken(document, error)

    def _taken(self, document: Document, outcome: Document | GraphError) -> Document | None:
        if isinstance(outcome, Unreadable):
            self.skip(document.title, outcome.reason)
            return None
        if isinstance(outcome, NotFound | Forbidden):
            self.skip(document.title, "it is gone or you may not open it")
            return None
        if isinstance(outcome, SignInNeeded):
            raise outcome
        if isinstance(outcome, GraphError):
            self.skip(document.title, reason(outcome))
            return None
        self.opened()
        # Search knows the title and link people see; reading may only know the content.
        merged = readable(replace(outcome, title=outcome.title or document.title, link=outcome.link or document.link))
        self.known[document.id] = merged
        return merged


def reason(error: GraphError) -> str:
    """A phrase of `[why]` in `bot/languages` for trouble that is not a document's own."""
    if isinstance(error, Throttled):
        return "Microsoft asked us to wait; try again in a minute"
    return "you have no permission for it" if isinstance(error, Forbidden) else "Microsoft could not answer"


def _promising(of: Asked, hits: Sequence[Document], scores: dict[str, float]) -> list[Document]:
    """By what search shows of them: the engines' ranks say little where they sort by date."""
    weighed, top = weights(of), max(scores.values(), default=0.0) or 1.0

    def worth(document: Document) -> float:
        shown = Folded(f"{document.title}\n{document.author}\n{document.place}\n{document.text}")
        value = scores[document.id] / top + (coverage(weighed, shown) if weighed else 0.0)
        if of.people:
            author = Folded(document.author)
            value += 0.5 * any(all(author.has(part) for part in name.split()) for name in of.people)
        return value + (0.5 * of.window.holds(document.modified) if of.window else 0.0)

    return sorted(hits, key=worth, reverse=True)


def _attached(of: Asked, documents: Sequence[Document], scores: dict[str, float]) -> list[Document]:
    """The files of the mails that fit best, those first whose own names fit."""
    weighed = weights(of)
    fit = {
        d.id: coverage(weighed, Folded(f"{d.title}\n{d.author}\n{d.text}")) + scores.get(d.id, 0.0) for d in documents
    }
    files = [
        replace(
            mail, id=id, title=name, text="", attachments=(), attachment_names=(), attachment_of=mail.id, complete=False
        )
        for mail in documents
        for id, name in zip_longest(mail.attachments, mail.attachment_names[: len(mail.attachments)], fillvalue="")
    ]
    return sorted(files, key=lambda file: -fit[file.attachment_of] - coverage(weighed, Folded(file.title)))[
        :READ_ATTACHED
    ]
