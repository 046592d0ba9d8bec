"""Cutting documents loses nothing."""

from hypothesis import given
from hypothesis import strategies as st

from bot.grounding.passages import split

WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cs", "Zs", "Zl", "Zp", "Cc")),
    min_size=1,
    max_size=30,
)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=40).map(" ".join), max_size=20), st.integers(40, 300))
def test_every_word_survives_in_order(paragraphs: list[str], size: int) -> None:
    text = "\n\n".join(paragraphs)
    assert "".join("".join(split(text, size)).split()) == "".join(text.split())


@given(st.text(max_size=3000), st.integers(50, 300))
def test_no_passage_is_much_longer_than_asked(text: str, size: int) -> None:
    assert all(len(part) <= 2 * size for part in split(text, size))


def test_a_cut_table_repeats_its_header() -> None:
    table = "| name | cost |\n| --- | --- |\n" + "\n".join(f"| item {n} | {n} |" for n in range(100))
    parts = split(table, 300)
    assert len(parts) > 3
    assert all(part.startswith("| name | cost |\n| --- | --- |\n| item") for part in parts)
