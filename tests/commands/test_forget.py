"""Forgetting: by number, by words when they are clear, everything; and nothing when it is not clear what is meant."""

import pytest

from tests.commands.desk import PERSONAL, Desk


@pytest.fixture
async def known(desk: Desk) -> Desk:
    for text in ("I prefer short answers", "Heron is my project", "Heron costs 485,000 EUR"):
        await desk.says(f"remember: {text}")
    return desk


async def left(desk: Desk) -> list[str]:
    return [memory.text for memory in await desk.services.memories.of(f"person:{PERSONAL.person.id}")]


@pytest.mark.parametrize(
    ("said", "remaining"),
    [
        ("forget: 2", ["I prefer short answers", "Heron costs 485,000 EUR"]),
        ("forget: 1 and 3", ["Heron is my project"]),
        ("forget: short answers", ["Heron is my project", "Heron costs 485,000 EUR"]),
        ("vergiss: alles", []),
        ("forget: Heron", ["I prefer short answers", "Heron is my project", "Heron costs 485,000 EUR"]),
        ("forget: 9", ["I prefer short answers", "Heron is my project", "Heron costs 485,000 EUR"]),
        ("forget", ["I prefer short answers", "Heron is my project", "Heron costs 485,000 EUR"]),
    ],
)
async def test_what_was_meant_is_forgotten_and_nothing_else(known: Desk, said: str, remaining: list[str]) -> None:
    answer = (await known.says(said)).text
    assert await left(known) == remaining
    assert answer.startswith("Forgotten") == (len(remaining) < 3)
