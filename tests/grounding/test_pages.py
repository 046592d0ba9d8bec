"""Where a passage stands in its document, and the whole of a document in parts that know their pages."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.grounding import passages
from bot.grounding.pages import sections, where
from graph.base import Document
from tests.commands.desk import NOW

PAPER = Document("files:1", "files", "pdf", "Plan.pdf", "", "Ana", NOW, "")
TEXTS = st.text(st.sampled_from("ab .\n\f#*|"), max_size=400)


def of(*pages: str) -> Document:
    return replace(PAPER, text="\n\f\n".join(pages))


def test_a_passage_knows_its_page() -> None:
    document = of("Opening words", "", "Heron costs 5 EUR.\n\nIt floats.", "The last words of it")
    assert where(document, "Heron costs 5 EUR.") == "page 3"
    assert where(document, "It floats.\n\nThe last words of it") == "pages 3–4"
    assert where(replace(document, kind="powerpoint"), "Opening words") == "slide 1"
    assert where(document, "Not in there") == where(document, "") == where(replace(PAPER, text="x"), "x") == ""


def test_pages_stay_whole_where_they_fit() -> None:
    document = of(*(f"Page {n} has words. " * 5 for n in range(1, 10)), "x " * 900)
    found = sections(document, 300)
    assert [section.where for section in found[:4]] == ["pages 1–3", "pages 4–6", "pages 7–9", "page 10"]
    assert found[0].marked.startswith("[page 1]\nPage 1 has words.")
    assert "[page 2]\nPage 2" in found[0].marked
    assert "[page" not in found[0].text
    assert {section.where for section in found[3:]} == {"page 10"}


def test_without_pages_headings_say_where() -> None:
    text = "Words before.\n\n# Goals\n\n" + "a " * 200 + "\n\n**Risks**\n\n" + "b " * 200
    assert [section.where for section in sections(replace(PAPER, text=text), 450)] == [
        'from "Goals" on', 'from "Risks" on',
    ]  # fmt: skip
    assert [section.where for section in sections(replace(PAPER, text="plain"), 450)] == [""]


@given(TEXTS, st.integers(20, 200))
def test_nothing_is_lost_or_added(text: str, size: int) -> None:
    parts = sections(replace(PAPER, text=text), size)
    whole = re.sub(r"\s", "", text)
    kept = re.sub(r"\s", "", "".join(section.text for section in parts))
    assert kept == whole or "|" in text  # the header of a table that is cut is repeated
    assert all(len(section.text) <= 3 * size for section in parts)


@given(TEXTS)
def test_every_passage_stands_on_a_page_there_is(text: str) -> None:
    document = replace(PAPER, text=text)
    for passage in passages.of(document, 60):
        numbers = [int(number) for number in re.findall(r"\d+", where(document, passage))]
        assert all(1 <= number <= text.count("\f") + 1 for number in numbers)
