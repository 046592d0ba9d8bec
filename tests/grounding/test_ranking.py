"""Passages that answer come first."""

from hypothesis import given
from hypothesis import strategies as st

from bot.grounding.packing import tokens_for
from bot.grounding.ranking import Folded, bm25, coverage, fuse


def test_the_text_with_the_rarer_word_wins() -> None:
    texts = [("a", "budget " * 3), ("b", "the Phoenix budget is 40,000"), ("c", "lunch")]
    scores = bm25(["Phoenix", "budget"], texts)
    assert scores[1] > scores[0] > 0
    assert scores[2] == 0


def test_long_words_find_their_longer_forms() -> None:
    assert bm25(["budget"], [("", "all budgets")])[0] > 0
    assert bm25(["cat"], [("", "category")])[0] == 0


def test_coverage_is_the_share_of_words_found() -> None:
    assert coverage({"phoenix": 1.0, "budget": 3.0}, Folded("Budget")) == 0.75
    assert coverage({}, Folded("x")) == 0.0


def test_a_word_is_found_with_other_endings_in_compounds_and_by_its_other_words() -> None:
    text = Folded("Angebot Spindelreparatur für Linie 4: TW-210 kostet 11.750 EUR")
    assert text.meets("Reparatur") == 1.0
    assert 0 < text.meets("quote") < text.meets("TW-210") == 1.0
    assert text.meets("4") == 1.0
    assert text.meets("11") == 1.0
    assert text.meets("750") == 1.0
    assert text.meets("75") == 0.0
    assert text.meets("TW-21") == 0.0


def test_fusion_prefers_what_several_rankings_found() -> None:
    scores = fuse([["a", "b"], ["b", "c"]])
    assert max(scores, key=lambda id: scores[id]) == "b"


@given(
    st.lists(st.text(max_size=30), max_size=8),
    st.lists(st.tuples(st.text(max_size=40), st.text(max_size=80)), max_size=6),
)
def test_hostile_words_never_break_the_search(words: list[str], texts: list[tuple[str, str]]) -> None:
    clean = [(a.replace("\x00", ""), b.replace("\x00", "")) for a, b in texts]
    scores = bm25(words, clean)
    assert len(scores) == len(texts)
    assert all(score >= 0 for score in scores)


def test_a_model_that_reads_little_gets_less_and_one_that_reads_much_no_more_than_helps() -> None:
    assert [tokens_for(size) for size in (4_000, 32_000, 128_000, 1_000_000)] == [500, 2000, 5000, 5000]
