"""What grounding hands over: packed evidence with what was and was not looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from graph.base import Document


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document, numbered `S1`, `S2`, ... once, for the whole conversation turn."""

    id: str
    document: Document
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not used, and why, as a phrase for the reader."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was searched and read; shown on request and named when something failed."""

    searched: tuple[str, ...]
    """Sources that answered, by name."""
    queries: tuple[str, ...]
    """The words that were searched for."""
    failed: tuple[Skipped, ...]
    """Sources that did not answer."""
    skipped: tuple[Skipped, ...]
    """Documents found but not used."""


@dataclass(frozen=True, slots=True)
class Evidence:
    passages: tuple[Passage, ...]
    coverage: Coverage


Progress = Callable[[Literal["searching", "reading"], int], None]
