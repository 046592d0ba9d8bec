"""The sentence of a message that wants something: found in English and German, and not in what only sounds like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digests.wants import wanted_in


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Hi Sofia,\n\ncan you confirm the invoice? Thanks.\n\nBen", "can you confirm the invoice?"),
        ("The line is full. Please decide by Friday.", "Please decide by Friday."),
        ("Hallo Sofia,\nkannst du das bis Mittwoch klären?", "kannst du das bis Mittwoch klären?"),
        ("Bitte schick mir die Liste.", "Bitte schick mir die Liste."),
        ("I need your approval before I sign.", "I need your approval before I sign."),
        ("Which colour do you want?", "Which colour do you want?"),
    ],
)
def test_a_wish_is_found(text: str, wanted: str) -> None:
    assert wanted_in(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Thanks a lot!",
        "Please find the minutes attached.",
        "How are you? All is well here.",
        "Let me know if you have questions.",
        "Any questions?",
        "> can you confirm the invoice?\nDone.",
        "Bitte nicht antworten, diese Mail wurde automatisch erzeugt.",
        "Noch Fragen?",
        "",
    ],
)
def test_what_wants_nothing_is_left(text: str) -> None:
    assert wanted_in(text) == ""


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    found = wanted_in(text)
    assert len(found) <= 141
    assert "\n" not in found
