"""What a turn knows besides its question: parts of this package each bring one kind of it, `ask` puts them together."""

from dataclasses import dataclass

from bot.grounding.evidence import Skipped
from graph.base import Document
from providers.base import Image


@dataclass(frozen=True, slots=True)
class Known:
    documents: tuple[Document, ...] = ()
    """Become numbered, citable evidence. The audience check is done by whoever brings them."""
    images: tuple[Image, ...] = ()
    pictured: tuple[tuple[Document, tuple[Image, ...]], ...] = ()
    """Images of labelled documents: they are looked at only where the rules for labels let the document be used."""
    notes: tuple[str, ...] = ()
    """Lines for the model about the situation, written by us; never text of others."""
    skipped: tuple[Skipped, ...] = ()
    consents: frozenset[str] = frozenset()
    """Permissions that were missing; the answer does without them, and the person is asked afterwards."""
