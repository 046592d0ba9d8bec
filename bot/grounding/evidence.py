"""What grounding hands over: numbered passages, and an honest account of what was and was not looked at."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from bot.grounding.packing import Scored
from bot.grounding.untrusted import cleaned, readable
from graph.base import Document
from graph.client import Call


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document, numbered `S1`, `S2`, ... once in a turn: what the model cites."""

    id: str
    document: Document
    text: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not used, and why, as a phrase for the reader."""

    what: str
    why: str


@dataclass(slots=True)
class Coverage:
    """What one turn searched and read. Kept with the answer and shown on request."""

    searched: list[str] = field(default_factory=list)
    """Sources that answered, by name."""
    words: list[str] = field(default_factory=list)
    """What was searched for."""
    read: int = 0
    """Documents that were opened."""
    failed: list[Skipped] = field(default_factory=list)
    """Sources that did not answer."""
    skipped: list[Skipped] = field(default_factory=list)
    """Documents that were found and not used."""
    withheld: bool = False
    """Something was found that not everybody here may see. What it is, is told to nobody here."""
    cut: list[Skipped] = field(default_factory=list)
    """Sources that were still looking when the others had what it took."""
    calls: list[Call] = field(default_factory=list[Call])
    """Every call that was made to Graph for it, parts of a batch under their batch."""
    consents: set[str] = field(default_factory=set)
    """Permissions a source would have needed that the person has not agreed to yet."""


class Retrieved:
    """Every passage a turn may cite. A marker that is not in here was made up.

    All that a model is given passes through here, so this is where the rules for labels are kept: `withholds` says of a
    document that none of it may be used. It is also where text is rid of what no reader sees (`untrusted`).
    """

    def __init__(self, withholds: Callable[[Document], bool] = lambda _: False) -> None:
        self._withholds = withholds
        self._passages: dict[str, Passage] = {}
        self._ids: dict[tuple[str, str], str] = {}
        self._seen: dict[str, tuple[Document, Document]] = {}
        self.hidden: dict[str, None] = {}
        """Titles of documents that held text nobody sees; none of it is in a passage."""
        self.whole = True
        """False when it was `narrowed` and something was left out."""

    def narrowed(self, withholds: Callable[[Document], bool]) -> "Retrieved":
        """For another model: without what is withheld from it, under the same numbers, and with its rules from now on."""
        left = Retrieved(withholds)
        left._ids, left._seen = dict(self._ids), dict(self._seen)
        for id, passage in self._passages.items():
            if withholds(passage.document):
                left.whole = False
                continue
            left._passages[id] = passage
            if passage.document.hidden:
                left.hidden[passage.document.title] = None
        return left

    def add(self, scored: Iterable[Scored]) -> list[Passage]:
        """Numbers new passages; one that is known keeps its number."""
        added: list[Passage] = []
        for item in scored:
            if self._withholds(item.document):
                continue
            body, document = cleaned(item.text), self._readable(item.document)
            document = replace(document, hidden=True) if body.hidden and not document.hidden else document
            if document.hidden:
                self.hidden[document.title] = None
            key = (document.id, body.text)
            if key not in self._ids:
                self._ids[key] = f"S{len(self._ids) + 1}"
                self._passages[self._ids[key]] = Passage(self._ids[key], document, body.text)
            added.append(self._passages[self._ids[key]])
        return added

    def _readable(self, document: Document) -> Document:
        """Once a document, however many of its passages are used."""
        before, after = self._seen.get(document.id, (None, document))
        if before is not document:
            after = readable(document)
            self._seen[document.id] = (document, after)
        return after

    def get(self, id: str) -> Passage | None:
        return self._passages.get(id)

    def __iter__(self) -> Iterator[Passage]:
        """In the order of their numbers."""
        return iter(self._passages.values())

    def __len__(self) -> int:
        return len(self._passages)
