"""Comma separated values keep their headings, whatever separates them; and texts that were read before are remembered."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.extract.budget import Budget
from graph.extract.remembered import Remembered, content_key
from graph.extract.tables import read_csv


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_first_row_is_the_heading(mark: str) -> None:
    text = f"code{mark}meaning\nE57{mark}radio lost\n"
    assert read_csv(text, Budget(seconds=5)) == "| code | meaning |\n| --- | --- |\n| E57 | radio lost |"


def test_a_text_that_is_no_table_stays_as_it_is() -> None:
    assert read_csv("Dear all,\nno table here\n", Budget(seconds=5)) == "Dear all,\nno table here\n"


@given(st.text(max_size=400))
def test_any_text_is_read_quickly_and_without_an_error(text: str) -> None:
    started = time.process_time()
    read_csv(text, Budget(seconds=5))
    assert time.process_time() - started < 5


def test_the_least_used_text_is_forgotten_first() -> None:
    known = Remembered[str](size=80)
    keys = [content_key(b"x", name) for name in ("a", "b", "c")]
    for key in keys:
        known.put(key, "text", 10)
    for number in range(6):
        known.get(keys[0])
        known.put(content_key(b"y", str(number)), "text", 10)
    assert known.get(keys[0]) == "text"
    assert known.get(keys[1]) is None
    assert content_key(b"x", "a") != content_key(b"x", "b")
