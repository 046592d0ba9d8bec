"""The children that read documents, shared by all tests that do them no harm."""

from pathlib import Path

import pytest

from graph.documents import Documents
from graph.errors import Unreadable
from tests.reading import SharedDocuments

DATA = Path(__file__).parent.parent / "data" / "documents"


@pytest.fixture(scope="session")
def documents() -> Documents:
    return SharedDocuments()


async def outcome(documents: Documents, data: bytes, name: str) -> str:
    """`read`, or the reason of a refusal."""
    try:
        await documents.read(data, name)
    except Unreadable as error:
        return error.reason
    return "read"
