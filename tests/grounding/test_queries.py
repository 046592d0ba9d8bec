"""A question becomes words worth searching for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grounding.queries import keywords, queries, small_talk


def test_a_question_keeps_only_the_words_that_tell() -> None:
    assert keywords("What is the budget of the Phoenix project?") == ("budget", "Phoenix", "project")
    assert keywords("Wie hoch ist das Reisebudget für 2027?") == ("hoch", "Reisebudget", "2027")
    assert keywords("Anna's contract, please") == ("Anna", "contract")


def test_strict_comes_before_relaxed() -> None:
    strict, pair, relaxed = queries("What is the budget of the Phoenix project?")
    assert set(strict.all_of) == {"budget", "Phoenix", "project"}
    assert pair.all_of == strict.all_of[:2]
    assert relaxed.any_of == ("budget", "Phoenix", "project")


def test_a_quoted_phrase_is_searched_as_it_stands() -> None:
    assert queries('Who wrote "change of plan"?')[0].all_of == ("change of plan",)


def test_a_kind_of_file_narrows_the_search() -> None:
    assert queries("the spreadsheet with travel costs")[-1].file_types == ("xlsx", "xls", "csv")


def test_small_talk_searches_for_nothing() -> None:
    assert queries("what is it?") == ()
    assert queries("") == ()


@pytest.mark.parametrize(
    "said",
    ["hello", "Hi there!", "Good morning", "Guten Tag", "Vielen Dank!", "thanks a lot", "ok, great", "Danke dir"],
)
def test_greetings_and_thanks_are_small_talk(said: str) -> None:
    assert small_talk(said)
    assert queries(said) == ()


def test_a_greeting_before_a_question_is_not_searched_for() -> None:
    assert keywords("Hello, what is the travel budget?") == ("travel", "budget")
    assert keywords("Guten Morgen, wie hoch ist das Reisebudget?") == ("hoch", "Reisebudget")
    assert keywords("Which report is due tomorrow morning?") == ("report", "due", "tomorrow", "morning")


def test_a_follow_up_is_no_small_talk() -> None:
    assert not small_talk("what is it?")
    assert not small_talk("and the day after?")
    assert not small_talk("and the day?")
    assert not small_talk("")


@given(st.text(max_size=400))
def test_any_text_gives_bounded_queries(text: str) -> None:
    found = queries(text)
    assert len(found) <= 5
    for query in found:
        assert query.all_of or query.any_of
        assert len(query.any_of) <= 20
