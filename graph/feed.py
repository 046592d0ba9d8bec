"""What a feed looks like: everything in one place that is new for one person since it was last told, read with that person's rights."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from graph.base import Document
from graph.client import Graph


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of news: a mail, a message, an event, a file that changed. What does not apply stays empty."""

    document: Document
    author: str = ""
    """Full name of who wrote, said, organizes or changed it."""
    at: datetime | None = None
    """When that was, aware; of an event when it begins."""
    mine: bool = False
    """The person did it themselves."""
    to_me: bool = False
    """It is directed at the person: among those it was sent to, mentioned, or alone with the author."""
    among: int = 0
    """How many people it is directed at."""
    people: tuple[str, ...] = ()
    """Full names of those around: recipients, members, who was invited."""
    answered: bool = False
    """The person said something in the same talk afterwards."""
    last: bool = False
    """Nobody wrote in the same talk afterwards."""
    joined: bool = False
    """The person has written in the same talk before."""
    bulk: bool = False
    """Sent by a machine, or to a list."""
    inside: bool = False
    """The author is of the person's own organisation."""
    urgent: bool = False
    ends: datetime | None = None
    all_day: bool = False
    busy: bool = False
    """The time is taken: neither free nor declined nor cancelled."""
    away: bool = False
    """Out of office."""
    cancelled: bool = False
    unanswered: bool = False
    """An invitation the person has not replied to."""
    own: bool = False
    """A file of the person's: in their own drive, or made by them."""
    shared: bool = False
    """A file that lies in somebody else's drive, and is open to the person."""
    mark: str = ""
    """Changes when what it says changes."""


@dataclass(frozen=True, slots=True)
class Span:
    """Aware. Of events: when they happen; of all else: when it was written or changed."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class News:
    entries: tuple[Entry, ...]
    cursor: Any
    """JSON: given back the next time, only what came after is told."""


class Feed(Protocol):
    """Built once a digest with the person's `Graph`. Errors: `graph.errors`."""

    async def news(self, span: Span, cursor: Any) -> News:
        """Oldest first. `cursor` None: all of the span; else what is new since, of whatever age, up to the span's end."""
        ...


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """What a file of `graph/feeds/` exports as `FEED`."""

    name: str
    """As the source is called that reads the same documents."""
    scopes: tuple[str, ...]
    open: Callable[[Graph], Feed]
