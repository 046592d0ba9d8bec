"""What a turn knows besides its question: parts of this package each bring one kind of it, `ask` puts them together."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from bot.grounding.evidence import Skipped
from bot.services import Turn
from graph.base import Document
from providers.base import Image

MOST_FILES = 10
MOST_PICTURES = 5


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


async def all_of(works: Iterable[Coroutine[Any, Any, Known]]) -> list[Known]:
    """The first failure that ends the turn ends the others too."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def together(parts: list[Known], turn: Turn) -> Known:
    documents = list({document.id: document for part in parts for document in part.documents}.values())
    images = [image for part in parts for image in part.images]
    skipped = [skipped for part in parts for skipped in part.skipped]
    too_many = turn.say("sent.too_many")
    skipped += [Skipped(document.title, too_many) for document in documents[MOST_FILES:]]
    if len(images) > MOST_PICTURES:
        skipped.append(Skipped(turn.say("sent.pictures", n=len(images) - MOST_PICTURES), too_many))
    return Known(
        tuple(documents[:MOST_FILES]),
        tuple(images[:MOST_PICTURES]),
        tuple(pictured for part in parts for pictured in part.pictured)[:MOST_PICTURES],
        skipped=tuple(dict.fromkeys(skipped)),
        consents=frozenset().union(*(part.consents for part in parts)),
    )
