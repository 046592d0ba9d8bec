"""What a kind of digest says of itself: which sections it has, how far it looks, and where it may go."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import import_module

from bot.digests.gathering import Gathering
from bot.digests.work import Composed, Work
from bot.discover import discover
from graph.feed import Span

Window = Callable[[Gathering], Awaitable[Span | None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file of `bot/digests/kinds/` exports as `KIND`. Its title is the text `brief.title_<file>`."""

    sections: tuple[str, ...] = ()
    """Files of `bot/digests/sections/`, in the order they are shown."""
    back: timedelta = timedelta(days=3)
    """How far the first one looks back."""
    waits: timedelta = timedelta(days=10)
    """The same for mail: who waits longest is not to be forgotten."""
    days: int = 1
    """Of the calendar, today included."""
    fresh: bool = True
    """Tells only what is new since the last one that was delivered; else all of `back` each time."""
    shared: bool = False
    """May go to a channel or group chat: made only from what every member may read."""
    window: Window | None = None
    """Where the span of one digest is found out first; None from it: there is nothing to tell about."""
    make: Callable[[Work], Awaitable[Composed]] | None = None
    """Makes it in a way of its own; the rest above does not count then."""


@cache
def kinds() -> Mapping[str, Kind]:
    """By name, which is what `Subscription.kind` holds."""
    return discover(import_module("bot.digests.kinds"), "KIND", Kind)
