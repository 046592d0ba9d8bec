"""What a source of documents looks like: something one person can search and read, with that person's own rights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Literal, Protocol, runtime_checkable

from graph.client import Graph
from graph.errors import GraphError
from graph.options import Options


@dataclass(frozen=True, slots=True)
class Query:
    """One way of asking. Each source writes it in its own search language; empty fields say nothing."""

    all_of: tuple[str, ...] = ()
    """Words or quoted phrases that must all match."""
    any_of: tuple[str, ...] = ()
    """Words of which one must match. Here and in `all_of` a word that ends in `*` stands for all that begin like it."""
    least: int = 1
    """How many of `any_of` must match: 1, 2 or 3."""
    people: tuple[str, ...] = ()
    """Names or addresses of authors or senders, of which one must match."""
    after: datetime | None = None
    before: datetime | None = None
    file_types: tuple[str, ...] = ()
    place: str = ""
    """Folder, site, team, channel or chat the question names, in the person's words; sources look for it in names and paths."""
    recipients: tuple[str, ...] = ()
    """Names or addresses of those it was sent to, of which one must match."""
    participants: tuple[str, ...] = ()
    """Names or addresses of those who took part in whatever role, of which one must match."""
    question: str = ""
    """The question itself, for services that understand sentences."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What a question says about itself, seen without a model: enough to leave out sources it cannot be about."""

    words: frozenset[str] = frozenset()
    """Every word of the question, case-folded, small ones included."""
    people: tuple[str, ...] = ()
    """Names and addresses in it."""
    place: str = ""
    """As in `Query`."""
    timed: bool = False
    """It names a day or a span of time."""

    def says(self, words: frozenset[str]) -> bool:
        """Whether one of these case-folded words occurs, as it is or as the beginning of a compound of at least five letters."""
        if not self.words.isdisjoint(words):
            return True
        stems = tuple(word for word in words if len(word) >= 5)
        return any(word.startswith(stems) for word in self.words)


@dataclass(frozen=True, slots=True)
class Document:
    """Something that was found and read. `text` is what the model may see of it."""

    id: str
    """Stable and self-contained: `<source>:<opaque>`; `Source.read` takes it back."""
    source: str
    kind: Literal[
        "mail", "word", "excel", "powerpoint", "pdf", "text", "web", "image", "event", "chat", "person", "task",
        "transcript", "other",
    ]  # fmt: skip
    title: str
    link: str
    author: str
    modified: datetime
    text: str
    place: str = ""
    """Folder path, mail folder, channel: where a person would look for it."""
    label: str = ""
    """Sensitivity label, where known."""
    also_labelled: tuple[str, ...] = ()
    """Further labels whose rules hold for it as well: of the mail it was attached to, of whoever had the file before."""
    thread: str = ""
    """Conversation or thread id: documents that share it belong together."""
    attachment_of: str = ""
    """Id of the mail this was attached to."""
    attachments: tuple[str, ...] = ()
    """Ids of the files attached to it, known once it was read."""
    attachment_names: tuple[str, ...] = ()
    """Their names, in the same order."""
    truncated: bool = False
    complete: bool = False
    """The text is all there is: `read` would give the same."""
    hidden: bool = False
    """Something in it that no reader sees (white, tiny, off the page, characters without width) was left out of `text`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """All whose rules hold for it."""
        return tuple(name for name in (self.label, *self.also_labelled) if name)

    def labelled(self, *names: str) -> "Document":
        """With these labels besides those it has. One never takes the place of another: each may forbid something."""
        label, *also = [name for name in dict.fromkeys((*self.labels, *names)) if name] or [""]
        return replace(self, label=label, also_labelled=tuple(also))


class Source(Protocol):
    """Built once a turn with the asker's `Graph`. Errors: `graph.errors`."""

    name: ClassVar[str]
    scopes: ClassVar[tuple[str, ...]]
    """Delegated permissions this source needs, e.g. `Mail.Read`."""

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """The best `top` matches, best first, with as much text as search gives cheaply (a preview counts)."""
        ...

    async def read(self, id: str) -> Document:
        """The whole document as text. Raises `Unreadable` with a named reason, `NotFound`, `Forbidden`."""
        ...

    async def readers(self, id: str) -> frozenset[str] | None:
        """Entra object ids of everybody who may open it, or None when that cannot be known: then only the asker may learn of it."""
        ...


@runtime_checkable
class ReadsMany(Protocol):
    """A source that reads several documents in fewer calls than one each."""

    async def read_many(self, ids: Sequence[str]) -> "list[Document | GraphError]":
        """In the order of `ids`; a document that cannot be read is its error."""
        ...


@runtime_checkable
class Expands(Protocol):
    """A source whose documents belong together: what else was said in the same conversation."""

    async def around(self, documents: Sequence[Document]) -> list[Document]:
        """Documents of the same threads that are not among them, newest first; one call for all, and no thread twice a turn."""
        ...


Relation = Literal["manager", "reports"]


@runtime_checkable
class Relates(Protocol):
    """A source that knows who stands in a relation to the asker."""

    async def related(self, relation: Relation) -> list[str]:
        """Their full names; empty where there is nobody. One call."""
        ...


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """What a source file exports as `SOURCE`."""

    name: str
    help: str
    scopes: tuple[str, ...]
    open: Callable[[Graph], Source]
    also: tuple[str, ...] = ()
    """Permissions that single features need on top; without them those are left out and the rest works."""
    optional: bool = False
    """Not asked for at the first sign-in: consent is asked for when a question first needs it, and no answer waits for it."""
    wanted: Callable[[Hints], bool] | None = None
    """Whether a question can be about this source; None: every question. It costs no call."""
    enabled: Callable[[Options], bool] | None = None
    """Whether this installation has it; None: every one."""
