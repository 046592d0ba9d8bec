"""A source that is late loses only what it has not given yet."""

import asyncio
from datetime import UTC, datetime
from typing import ClassVar

from bot.context import Audience
from bot.grounding.search import Grounding
from graph.base import Document, Query

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def document(id: str, text: str = "") -> Document:
    return Document(f"slow:{id}", "slow", "text", f"{id} pump", f"https://example.test/{id}", "Ada", NOW, text)


class Slow:
    name: ClassVar[str] = "slow"
    scopes: ClassVar[tuple[str, ...]] = ()

    async def search(self, query: Query, *, top: int) -> list[Document]:
        del query, top
        return [document("never"), document("quick")]

    async def read(self, id: str) -> Document:
        if id.endswith("never"):
            await asyncio.sleep(60)
        return document("quick", "The pump weighs 12 kg.")

    async def readers(self, id: str) -> frozenset[str] | None:
        del id
        return None


async def test_what_was_read_in_time_is_used_and_the_rest_is_named() -> None:
    audience = Audience("ada", None, personal=True)
    grounding = Grounding({"slow": Slow()}, audience, NOW.timestamp, deadline=0.2)
    passages = await grounding.search("How heavy is the pump?")
    assert [passage.document.title for passage in passages] == ["quick pump"]
    assert [(failed.what, failed.why) for failed in grounding.coverage.failed] == [
        ("slow", "it did not answer in time with everything")
    ]
