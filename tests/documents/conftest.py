"""The children that read documents, shared by the tests of one file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from graph.documents import Documents
from graph.errors import Unreadable

DATA = Path(__file__).parent.parent / "data" / "documents"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def documents() -> AsyncIterator[Documents]:
    reader = Documents()
    yield reader
    await reader.aclose()


async def outcome(documents: Documents, data: bytes, name: str) -> str:
    """`read`, or the reason of a refusal."""
    try:
        await documents.read(data, name)
    except Unreadable as error:
        return error.reason
    return "read"
