"""What a section of a digest says of itself: it turns what feeds brought into items, with a reason for each."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from bot.digests.gathering import Gathering
from bot.digests.item import Item
from bot.discover import discover


@dataclass(frozen=True, slots=True)
class Section:
    """What a file of `bot/digests/sections/` exports as `SECTION`. Its heading is the text `brief.section_<file>`."""

    gather: Callable[[Gathering], Awaitable[list[Item]]]
    feeds: tuple[str, ...]
    """What it reads."""


@cache
def sections() -> Mapping[str, Section]:
    return discover(import_module("bot.digests.sections"), "SECTION", Section)
