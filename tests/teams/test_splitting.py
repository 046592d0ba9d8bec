"""Long answers are cut where a reader would cut them, nothing is lost, and every part reads well alone."""

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.teams.splitting import Part, split

READER = MarkdownIt("commonmark")
PIECES = [
    "A sentence of some words. ", "Another one [1][2]. ", "**bold words** ", "`code here` ", "[it](https://contoso.sharepoint.com/a) ",
    "\n\n", "\n", "- item\n", "  - inner item\n", "12. item\n", "> quoted\n",
    "\n```py\nx = 1\ny = 2\n```\n", "&lt;at> ", "\\* ",
    "漢字の文章です。", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd ", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea",
    "e\u0301", "long" * 12, "<at>Ana Ruiz</at> ",
]  # fmt: skip
FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
texts = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


def within(limit: int, text: str) -> list[Part]:
    return split(text, lambda piece: len(piece) <= limit)


@settings(deadline=None)
@given(texts | st.text(max_size=300), st.integers(60, 200))
def test_parts_together_are_the_text_and_each_fits(text: str, limit: int) -> None:
    parts = within(limit, text)
    assert "".join(part.text for part in parts) == text
    assert all(len(part.shown) <= limit for part in parts)


@settings(deadline=None)
@given(texts, st.integers(100, 200))
@example("**bold words** " * 20, 100)
@example("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 60, 100)
@example("\U0001f1e9\U0001f1ea" * 200, 101)
def test_nothing_that_belongs_together_is_torn_apart(text: str, limit: int) -> None:
    parts = within(limit, text)
    for one, other in pairwise(parts):
        if one.after:
            continue
        assert not re.match(r"\s?\[\d+\]", other.text), "a citation marker belongs to what it proves"
        assert other.text[0] != "\u200d"
        assert one.text[-1] != "\u200d"
        assert not unicodedata.combining(other.text[0])
        flags = len(one.text) - len(one.text.rstrip(FLAG_LETTERS))
        assert flags % 2 == 0 or not re.match(r"[\U0001f1e6-\U0001f1ff]", other.text)
    for whole in (
        "**bold words**",
        "[it](https://contoso.sharepoint.com/a)",
        "<at>Ana Ruiz</at>",
        "&lt;",
        "`code here`",
    ):
        assert sum(part.text.count(whole) for part in parts) == text.count(whole)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One two. Three four.\n\nFive six seven.\nEight nine ten.", "One two. Three four.\n\n"),
        ("Before.\n- one two three\n- four five six\n- seven", "Before.\n- one two three\n- four five six\n"),
        ("One two three four five. Six seven eight nine ten", "One two three four five. "),
        ("Eins zwei drei vier fünf sechs sieben acht neun", "Eins zwei drei vier fünf sechs sieben "),
        ("一二三四五六七八九十" * 2 + "。" + "一二三四五六七八九十" * 2, "一二三四五六七八九十" * 2 + "。"),
        ("a" * 50, "a" * 40),
        ("See this, which was said there and then again [1][2]", "See this, which was said there and then "),
        ("Words first.\n```\nsome code that fits alone\n```", "Words first.\n"),
    ],
)  # fmt: skip
def test_where_it_is_cut(text: str, first: str) -> None:
    assert within(40, text)[0].text == first


def test_a_code_block_that_is_too_long_is_closed_and_opened_again() -> None:
    code = "```py\n" + "".join(f"line_{n} = {n}\n" for n in range(40)) + "```"
    parts = within(150, code)
    assert len(parts) > 2
    assert "".join(part.text for part in parts) == code
    lines = []
    for part in parts:
        (token,) = READER.parse(part.shown)
        assert (token.type, token.info) == ("fence", "py")
        lines += token.content.splitlines()
    assert lines == [f"line_{n} = {n}" for n in range(40)]


def test_a_list_goes_on_with_its_numbers() -> None:
    text = "\n".join(f"{n}. point number {n}" for n in range(1, 40))
    parts = within(200, text)
    numbers = [line.split(".")[0] for part in parts for line in part.shown.strip().splitlines()]
    assert numbers == [str(n) for n in range(1, 40)]
    assert all(READER.parse(part.shown)[0].type == "ordered_list_open" for part in parts)
