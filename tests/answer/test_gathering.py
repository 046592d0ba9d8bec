"""What people gave along is evidence beside what was found; too much of it is cut sensibly; a failure ends the rest."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answer.gathering import GIVEN_CHARACTERS, _given, _together
from bot.watched import Watched
from graph.base import Document
from graph.errors import SignInNeeded
from providers.capabilities import Described
from tests.agent.fakes import ScriptedProvider


def document(number: int, text: str) -> Document:
    return Document(f"sent:{number}", "sent", "word", f"{number}.docx", "", "", datetime(2026, 11, 1, tzinfo=UTC), text)


def test_all_of_it_where_it_fits() -> None:
    given = _given([document(1, "Alpha.\n\nBeta."), document(2, "Gamma.")], "beta?")
    assert [(item.document.id, item.text) for item in given] == [("sent:1", "Alpha.\n\nBeta."), ("sent:2", "Gamma.")]


def test_else_each_beginning_and_what_is_nearest_to_the_question_in_reading_order() -> None:
    filler = "\n\n".join(f"Paragraph {n} " + "is about something else entirely. " * 30 for n in range(80))
    long = document(1, f"{filler}\n\nThe warranty of the Heron pump ends in 2031.")
    given = _given([long, document(2, "Second.")], "When does the warranty of Heron end?")
    assert given[0].text.startswith("Paragraph 0")
    assert any("ends in 2031" in item.text for item in given)
    assert given[-1].text == "Second."
    assert [item.place for item in given[:-1]] == sorted(item.place for item in given[:-1])
    assert sum(len(item.text) for item in given) <= GIVEN_CHARACTERS


@given(st.lists(st.text(max_size=50_000), max_size=4), st.text(max_size=50))
@settings(max_examples=30, deadline=None)
def test_never_more_than_fits(texts: list[str], question: str) -> None:
    given = _given([document(n, text) for n, text in enumerate(texts)], question)
    assert sum(len(item.text) for item in given) <= GIVEN_CHARACTERS


async def test_the_first_failure_ends_the_rest() -> None:
    ended = asyncio.Event()

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def fails() -> None:
        await asyncio.sleep(0)
        raise SignInNeeded("ended")

    with pytest.raises(SignInNeeded):
        await _together(slow(), fails())
    assert ended.is_set()


async def test_results_come_in_order() -> None:
    async def later(value: int, turns: int) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        return value

    assert await _together(later(1, 3), later(2, 0), later(3, 1)) == [1, 2, 3]


def test_a_model_that_reads_little_is_given_less() -> None:
    given = _given([document(1, "\n\n".join(f"Line {n} of many." for n in range(2000)))], "line?", 4000)
    assert 3000 < sum(len(item.text) for item in given) <= 4000


@pytest.mark.parametrize(("name", "tokens"), [("claude-haiku-4", 200_000), ("llama-3.1-8b", 32_000)])
def test_how_much_a_model_reads_comes_with_it(name: str, tokens: int) -> None:
    models = {"one": Watched(ScriptedProvider([], model=name), now=lambda: datetime(2026, 11, 1, tzinfo=UTC))}
    assert isinstance(models["one"], Described)
    assert models["one"].capabilities.max_input == tokens
