"""An answer is cut so that nothing is lost, and in places where a reader would cut it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.statements import MOST, bare, count, folded, marked, numbers, pieces

ANSWER = """\
# Budget 2026

It costs 485,000 EUR. [S1] Dr. Weber approved it on 5. Mai 2026. So it is.

- One thing [S1][S2]. Another thing!
1. **Bold** claim

| what | price |
|---|---|
| pump | 900 |

```python
x = 1. Y
```
"""


def said(text: str) -> list[str]:
    return [piece.text.strip() for piece in pieces(text) if piece.number]


def test_statements_are_sentences_rows_and_lines_of_code() -> None:
    assert said(ANSWER) == [
        "Budget 2026", "It costs 485,000 EUR. [S1]", "Dr. Weber approved it on 5. Mai 2026.", "So it is.",
        "One thing [S1][S2].", "Another thing!", "**Bold** claim", "| what | price |", "| pump | 900 |", "x = 1. Y",
    ]  # fmt: skip
    assert [piece.number for piece in pieces(ANSWER) if piece.number] == list(range(1, 11))


@given(st.text(alphabet=st.sampled_from("aB1.!? \n-#>|`[]S\t…ü*"), max_size=200) | st.text(max_size=200))
def test_joined_they_are_the_text(text: str) -> None:
    found = pieces(text)
    assert "".join(piece.text for piece in found) == text
    assert all(piece.number or not any(c.isalnum() for c in folded(piece.text)) or "`" in piece.text
               or "~" in piece.text or piece.text.strip(" .)\t\n").isdigit() for piece in found)  # fmt: skip


@pytest.mark.parametrize(
    "bad", ["." * 20000, " " * 20000 + "x", "- " * 10000, "[S1" * 9000, "a. B " * 5000, " [S1]" * 5000]
)
def test_no_text_takes_long(bad: str) -> None:
    assert "".join(piece.text for piece in pieces(bad)) == bad
    assert isinstance(bare(bad), str)


def test_of_very_many_statements_each_line_is_one() -> None:
    text = "\n".join("One is here. Two is here." for _ in range(MOST // 2 + 1))
    assert count(pieces(text)) == MOST // 2 + 1


def test_figures_and_quotations_are_compared_however_they_are_set() -> None:
    assert numbers("485,000 or 485.000 or 485 000 EUR [S12], at 15:00") == {"485000", "1500"}
    assert numbers("in 2026 12 people") == {"2026", "12"}
    assert folded("“RAL 5018”, matt") == folded("ral\n5018 (matt)")
    assert bare(" a [S1]\n b [ S2, S3 ]") == "a b"
    assert marked("a [S1]")
    assert not marked("a [1]")
