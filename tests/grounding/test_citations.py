"""The model's markers become numbers the reader can trust."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.grounding.citations import MOST_CITATIONS, Citations
from bot.grounding.evidence import Retrieved
from bot.grounding.packing import Scored
from graph.base import Document

WHEN = datetime(2026, 11, 20, tzinfo=UTC)


def retrieved(*documents: str) -> Retrieved:
    """One passage a document; a name given twice gives two passages of one document."""
    found = Retrieved()
    for number, name in enumerate(documents):
        document = Document(name, "files", "text", name, f"https://x.example/{name}", "Ana", WHEN, "")
        found.add([Scored(document, f"text {number}", 1.0, number)])
    return found


def test_documents_are_numbered_as_they_are_first_cited() -> None:
    citations = Citations(retrieved("a", "b", "a"))
    assert (
        citations.visible("One [S2]. Two [S1][S3]. Three [S2, S1].", final=True) == "One [1]. Two [2][2]. Three [1][2]."
    )
    assert [(c.position, c.title) for c in citations.cited()] == [(1, "b"), (2, "a")]


def test_markers_that_were_made_up_are_removed() -> None:
    citations = Citations(retrieved("a"))
    assert (
        citations.visible("True [S1]. False [S9]. Also false [1]. ", final=True) == "True [1]. False. Also false (1). "
    )
    assert [c.title for c in citations.cited()] == ["a"]


def test_an_unfinished_marker_is_held_back() -> None:
    citations = Citations(retrieved("a"))
    assert citations.visible("It is so [S") == "It is so"
    assert citations.visible("It is so [S1]") == "It is so [1]"


@given(
    st.lists(
        st.sampled_from(
            ["word ", "[S1]", "[S2][S1]", " [S3]", "[", "S1", "]", "[S99]", "[S1, S2]", "\n", "[x](y)", "[2]"]
        ),
        max_size=30,
    )
)
def test_what_was_shown_is_never_taken_back(pieces: list[str]) -> None:
    citations = Citations(retrieved("a", "b", "c"))
    text, shown = "", ""
    for piece in "".join(pieces):
        text += piece
        visible = citations.visible(text)
        if visible.startswith(shown):
            shown = visible
        else:
            assert shown.startswith(visible)
    assert citations.visible(text, final=True).startswith(shown)


def test_no_more_citations_than_teams_takes() -> None:
    names = [f"d{n}" for n in range(30)]
    citations = Citations(retrieved(*names))
    citations.visible("".join(f"[S{n + 1}]" for n in range(30)), final=True)
    assert len(citations.cited()) == MOST_CITATIONS


@given(st.lists(st.text(alphabet="S19[] ,;(\nab", max_size=6), max_size=12))
def test_a_text_shown_in_settled_parts_reads_like_the_whole(pieces: list[str]) -> None:
    growing, shown, held = Citations(retrieved("a", "b")), "", ""
    for piece in pieces:
        held += piece
        settled = growing.settled(held)
        shown += growing.visible(held[:settled], final=True)
        held = held[settled:]
    assert shown == Citations(retrieved("a", "b")).visible("".join(pieces))
