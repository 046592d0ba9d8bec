"""Merged cells say what they say in every row, and what a program wrote about a picture is no word of the document."""

import re

from hypothesis import given
from hypothesis import strategies as st

from graph.extract.markup import Pages, alternative, prepared


def test_merged_cells_are_repeated() -> None:
    page = (
        "<table><tr><th>Year</th><th colspan=2>Cost</th></tr><tr><td rowspan=2>2025</td><td>May</td><td>5</td></tr>"
        "<tr><td>June</td><td>6</td></tr><tr><td rowspan=2>2026</td></tr><tr><td>July</td><td>7</td></tr></table>"
    )
    rows = [re.findall(r"[^|\s]+", line) for line in Pages().convert_string(page).markdown.split("\n")]
    assert rows[0] == ["Year", "Cost", "Cost"]
    assert rows[2:] == [["2025", "May", "5"], ["2025", "June", "6"], ["2026", "July", "7"]]


def test_what_says_nothing_is_left_out() -> None:
    assert alternative("A duck. Description automatically generated with confidence") == "A duck"
    assert alternative("image_001.PNG") == ""
    assert prepared("<p><u>under</u></p>") == "<p>under</p>"
    assert prepared("<p>as it is</p>") == "<p>as it is</p>"


@given(
    st.lists(
        st.sampled_from(["<table>", "</table>", "<tr>", "<td rowspan=3>", "<td colspan='9'>", "a ", "<u>"]), max_size=40
    )
)
def test_any_markup_keeps_its_words(parts: list[str]) -> None:
    source = "".join(parts)
    words = source.count("a ")
    assert len(re.findall(r"\ba\b", re.sub(r"<[^>]*>", " ", prepared(source)))) >= words
