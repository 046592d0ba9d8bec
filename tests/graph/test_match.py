"""Words looked for by ourselves: endings, phrases, beginnings, places, and never a failure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.base import Query
from graph.match import in_place, names_somebody, occurs, score, words_of


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("meeting", "The meetings of today", True),
        ("Termine", "Ein Termin", True),
        ("seal", "sealed", False),
        ("spare battery", "the spare batteries", True),
        ("spare battery", "a battery to spare", False),
        ("kalib*", "Die Kalibrierung", True),
        ("E42", "error E42", True),
        ("E42", "error E421", False),
        ("会議", "明日の会議 会議", True),
        ("", "anything", False),
    ],
)
def test_words_and_phrases(phrase: str, text: str, found: bool) -> None:
    assert occurs(phrase, words_of(text)) is found


def test_a_query_is_scored_by_its_words() -> None:
    text = "Budget talk about Heron"
    assert score(Query(all_of=("budget", "heron")), text) == 2
    assert score(Query(all_of=("budget", "pump")), text) == 0
    assert score(Query(any_of=("budget", "pump")), text) == 1
    assert score(Query(any_of=("budget", "pump"), least=2), text) == 0
    assert score(Query(any_of=("meeting",)), text, ignore=frozenset({"meeting"})) == 1
    assert score(Query(), text) == 1


def test_people_and_places() -> None:
    assert names_somebody(("Jonas",), "Jonas Weber jonas.weber@tidewell.example")
    assert names_somebody((), "anybody")
    assert not names_somebody(("Jonas Vogel",), "Jonas Weber | Katrin Vogt")
    assert in_place("in the Ops channel", "Ops")
    assert in_place("the channel", "anything")
    assert not in_place("Finance folder", "Heron", "Operations")


@given(st.text(max_size=80), st.text(max_size=80))
def test_nothing_breaks_it(phrase: str, text: str) -> None:
    occurs(phrase, words_of(text))
    in_place(phrase, text)
    assert score(Query(any_of=(phrase,)), text) >= 0
