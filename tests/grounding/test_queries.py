"""A question becomes words worth searching for, and searches from strict to relaxed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grounding.asked import asked, keywords, small_talk
from bot.grounding.queries import MOST_QUERIES, queries, stem
from graph.base import Query
from graph.kql import file_kql, mail_kql

NOW = datetime(2026, 11, 20, 9, tzinfo=ZoneInfo("Europe/Berlin"))


def test_a_question_keeps_only_the_words_that_tell() -> None:
    assert keywords("What is the budget of the Phoenix project?") == ("budget", "Phoenix", "project")
    assert keywords("Wie hoch ist das Reisebudget für 2027?") == ("hoch", "Reisebudget", "2027")
    assert keywords("Anna's contract, please") == ("Anna", "contract")


def test_between_all_words_and_any_stand_two_of_them() -> None:
    strict, pairs, relaxed = queries("What is the budget of the Phoenix project?")
    assert set(strict.all_of) == {"budge*", "Phoeni*", "projec*"}
    assert pairs.least == 2
    assert set(pairs.any_of) == set(strict.all_of)
    assert set(strict.all_of) < set(relaxed.any_of)
    assert relaxed.least == 1


def test_the_address_of_a_link_is_nothing_to_search_for() -> None:
    link = "https://org.sharepoint.com/sites/Heron/Shared%20Documents/Board%20minutes.docx?web=1"
    assert keywords(f"What does {link} say about Brenta?") == ("Brenta",)
    assert not queries(asked(f"Summarise <{link}>", NOW))
    assert not small_talk(f"thanks {link}")


def test_a_quoted_phrase_is_searched_as_it_stands() -> None:
    assert queries('Who wrote "change of plan"?')[0].all_of == ("change of plan",)


def test_a_kind_of_file_narrows_the_search() -> None:
    assert queries("the spreadsheet with travel costs")[-1].file_types == ("xlsx", "xls", "csv")


def test_what_somebody_wrote_is_looked_for_among_what_they_wrote() -> None:
    found = queries(asked("What did Tomas tell Maren about the freight last week?", NOW))
    assert found[0].people == ("Tomas",)
    assert found[0].recipients == ("Maren",)
    assert found[0].any_of == ("freigh*",)
    assert found[0].after is not None
    assert found[0].after.date().isoformat() == "2026-11-09"
    assert found[0].before is not None
    assert found[0].before.date().isoformat() == "2026-11-15"


@pytest.mark.parametrize(
    ("question", "people", "spoken"),
    [
        ("What did Per Holm from Rotaseal recommend?", ("Per Holm", "Rotaseal"), True),
        ("Was schrieb Herr Adler zur Lieferzeit?", ("Adler",), True),
        ("Was hat Jonas zum Audit geschrieben?", ("Jonas",), True),
        ("the invoice from Anna-Lena Müller", ("Anna-Lena Müller",), False),
        ("mails from ana@example.org", ("ana@example.org",), False),
        ("What does Sofia Almeida earn?", (), False),
        ("Did the foundry write?", (), False),
    ],
)
def test_people_are_seen_in_a_question(question: str, people: tuple[str, ...], spoken: bool) -> None:
    found = asked(question, NOW)
    assert (set(found.people), found.spoken) == (set(people), spoken)


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("what was said in the Ops channel?", "Ops"),
        ("the plan in the Phoenix folder", "Phoenix"),
        ("Was steht im Kanal Einkauf?", "Einkauf"),
        ("what is in this folder?", ""),
        ("what is new in the field?", ""),
    ],
)
def test_a_place_is_seen_in_a_question(question: str, place: str) -> None:
    assert asked(question, NOW).place == place


def test_a_date_that_is_written_about_is_searched_for_and_not_when_it_was_written() -> None:
    found = asked("Which order is due on 11 December?", NOW)
    assert found.window is None
    assert "December" in found.words


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


def test_other_scripts_are_searched_too() -> None:
    assert queries("Каков бюджет проекта?")
    (relaxed,) = [query for query in queries("凤凰项目的预算是多少") if query.least == 1 and query.any_of][-1:]
    assert "预算" in relaxed.any_of
    assert stem("預算") == "預算"


@given(st.one_of(st.text(max_size=400), st.lists(st.sampled_from(
    ["did", "from", "Ana", "last", "week", "3", "since", "Monday", '"x y"', "in", "folder", "wrote", "預算", "an", "vor"]
), max_size=20).map(" ".join)))  # fmt: skip
def test_any_text_gives_bounded_queries_that_search_for_something(text: str) -> None:
    found = queries(asked(text, NOW))
    assert len(found) <= MOST_QUERIES
    for query in found:
        assert query != Query()
        assert len(query.any_of) <= 60
        assert len(mail_kql(query)) <= 2000
        assert len(file_kql(query)) <= 2000
