"""What a source of documents looks like: something one person can search and read, with that person's own rights."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from graph.client import Graph


@dataclass(frozen=True, slots=True)
class Query:
    """One way of asking. Each source writes it in its own search language; empty fields say nothing."""

    all_of: tuple[str, ...] = ()
    """Words or quoted phrases that must all match."""
    any_of: tuple[str, ...] = ()
    """Words of which one must match."""
    people: tuple[str, ...] = ()
    """Names or addresses of authors or senders, of which one must match."""
    after: datetime | None = None
    before: datetime | None = None
    file_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """Something that was found and read. `text` is what the model may see of it."""

    id: str
    """Stable and self-contained: `<source>:<opaque>`; `Source.read` takes it back."""
    source: str
    kind: Literal["mail", "word", "excel", "powerpoint", "pdf", "text", "web", "image", "event", "chat", "other"]
    title: str
    link: str
    author: str
    modified: datetime
    text: str
    place: str = ""
    """Folder path, mail folder, channel: where a person would look for it."""
    label: str = ""
    """Sensitivity label, where known."""
    thread: str = ""
    """Conversation or thread id: documents that share it belong together."""
    attachment_of: str = ""
    """Id of the mail this was attached to."""
    attachments: tuple[str, ...] = ()
    """Ids of the files attached to it, known once it was read."""
    unreadable: str = ""
    """Why there is no text, as a phrase for the reader; empty when there is."""
    truncated: bool = False


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


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """What a source file exports as `SOURCE`."""

    name: str
    help: str
    scopes: tuple[str, ...]
    open: Callable[[Graph], Source]
