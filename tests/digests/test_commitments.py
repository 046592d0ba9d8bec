"""Commitments in sentences people write: the owner and the day where they are said, and nowhere else."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digests.commitments import commitments

WRITTEN = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 -- local, a Monday
AUTHOR = "Ana Ruiz"
PEOPLE = ("Marco Bianchi", "Lena Vogel", "Jonas Weber")
FRIDAY = date(2026, 11, 27)

FOUND: dict[str, tuple[str, str, date | None]] = {
    "I will send you the signed contract by Friday.": ("promise", AUTHOR, FRIDAY),
    "I'll prepare the slides until Wednesday.": ("promise", AUTHOR, date(2026, 11, 25)),
    "Marco will update the budget by 3 December.": ("promise", "Marco Bianchi", date(2026, 12, 3)),
    "Lena to book the venue by tomorrow": ("promise", "Lena Vogel", date(2026, 11, 24)),
    "@Jonas Weber will call the supplier.": ("promise", "Jonas Weber", None),
    "Action: Marco to check the crane rental by 2026-12-01": ("promise", "Marco Bianchi", date(2026, 12, 1)),
    "Action item: renew the insurance by Friday": ("promise", "", FRIDAY),
    "Could you send me the drawings by Friday?": ("request", "", FRIDAY),
    "Please let me know whether the date works.": ("request", "", None),
    "The deadline for the tender is on 15 December.": ("deadline", "", date(2026, 12, 15)),
    "The offer is due by Friday.": ("deadline", "", FRIDAY),
    "Ich schicke dir den Vertrag bis Freitag.": ("promise", AUTHOR, FRIDAY),
    "Bis Mittwoch bereite ich die Folien vor.": ("promise", AUTHOR, date(2026, 11, 25)),
    "Marco übernimmt die Abstimmung bis 3.12.": ("promise", "Marco Bianchi", date(2026, 12, 3)),
    "Lena kümmert sich bis morgen um den Raum.": ("promise", "Lena Vogel", date(2026, 11, 24)),
    "Kannst du mir bitte bis Freitag die Zeichnungen schicken?": ("request", "", FRIDAY),
    "Die Frist läuft bis zum 15. Dezember.": ("deadline", "", date(2026, 12, 15)),
    "Spätestens am 1. Dezember ist die Abgabe fällig.": ("deadline", "", date(2026, 12, 1)),
    "Jonas muss die Rechnung prüfen.": ("promise", "Jonas Weber", None),
    "- [ ] Marco: order the new anchors by Friday": ("promise", "Marco Bianchi", FRIDAY),
}
NONE = (
    "We met last Friday and talked about the crane.",
    "I will not be able to come.",
    "I'll be in the office on Tuesday maybe",
    "If Marco agrees we could start.",
    "The weather was nice.",
    "The machine runs until the valve closes.",
    "Lena liked the slides.",
    "Im Dezember war es kalt.",
    "> I will send you the signed contract by Friday.",
)


@pytest.mark.parametrize("sentence", FOUND)
def test_what_is_promised_asked_or_due(sentence: str) -> None:
    (one,) = commitments(sentence, AUTHOR, PEOPLE, WRITTEN)
    assert (one.kind, one.owner, one.due) == FOUND[sentence]
    assert one.text in sentence


@pytest.mark.parametrize("sentence", NONE)
def test_what_is_none(sentence: str) -> None:
    assert commitments(sentence, AUTHOR, PEOPLE, WRITTEN) == []


def test_a_stranger_and_a_shared_first_name_are_no_owner() -> None:
    for sentence in (
        "Someone will repair the gate by Friday, deadline is fixed.",
        "Marco will do it by Friday, no later.",
    ):
        for one in commitments(sentence, AUTHOR, ("Marco Bianchi", "Marco Polo"), WRITTEN):
            assert one.owner == ""


def test_a_day_that_is_over_when_it_is_written_is_no_day() -> None:
    (one,) = commitments("Please send it by 3 December 2020.", AUTHOR, (), WRITTEN)
    assert one.due is None


def test_a_whole_mail() -> None:
    text = (
        "Hi all,\n\nthanks for the call. Marco will update the budget by 3 December. I'll send the minutes tomorrow.\n\n"
        "The deadline for the tender is on 15 December.\nCould you check page 4, please?\n\nBest, Ana"
    )
    assert [one.kind for one in commitments(text, AUTHOR, PEOPLE, WRITTEN)] == [
        "promise",
        "promise",
        "deadline",
        "request",
    ]


@given(st.text(max_size=300), st.lists(st.text(max_size=12), max_size=3))
def test_no_text_breaks_it_and_no_owner_is_made_up(text: str, people: list[str]) -> None:
    for one in commitments(text, AUTHOR, people, WRITTEN):
        assert one.owner in {"", AUTHOR, *(" ".join(name.split()) for name in people)}
