"""Phrases people type, in both languages, against the rule, the next time, the rest, the place and the kind they mean."""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digests.phrases import LONGEST, Ask, Asked, parse
from bot.digests.vocabulary import LANGUAGES, vocabulary

ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 23, 10, 15, tzinfo=ZoneInfo(ZONE))
"""A Monday."""


def _rows() -> Iterator[tuple[str, dict[str, str]]]:
    for language in LANGUAGES:
        with Path(__file__).with_name(f"phrases_{language}.tsv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                yield language, row


ROWS = list(_rows())


@pytest.mark.parametrize(("language", "row"), ROWS, ids=[row["phrase"] for _, row in ROWS])
def test_a_phrase_means_this(language: str, row: dict[str, str]) -> None:
    asked = parse(row["phrase"], NOW, ZONE, language)
    if row["rule"].startswith("?"):
        assert isinstance(asked, Ask)
        assert asked.key == row["rule"][1:]
        return
    assert isinstance(asked, Asked)
    next_ = asked.schedule.slots(NOW, 1)[0].local
    where = f"{asked.target}:{asked.channel}".strip(":")
    kind = f"{asked.kind}:{asked.about}".strip(":")
    assert [asked.schedule.rule or "once", f"{next_:%Y-%m-%d %H:%M}", asked.what, where, kind] == [
        row["rule"], row["next"], row["what"], row["where"], row["kind"],
    ]  # fmt: skip


def test_there_are_sixty_that_are_understood_and_twenty_that_are_asked_back() -> None:
    rules = [row["rule"] for _, row in ROWS]
    assert sum(not rule.startswith("?") for rule in rules) >= 60
    assert sum(rule.startswith("?") for rule in rules) >= 20


def test_a_bare_early_hour_is_the_afternoon_with_the_morning_beside_it() -> None:
    asked = parse("tomorrow at 5 summarise this thread", NOW, ZONE, "en")
    assert isinstance(asked, Asked)
    assert asked.schedule.start.hour == 17
    assert asked.other is not None
    assert asked.other.start == asked.schedule.start - timedelta(hours=12)
    for sure in ("tomorrow at 5pm", "tomorrow at 17:00", "tomorrow at 5 in the morning", "tomorrow at 9"):
        asked = parse(f"{sure} summarise this thread", NOW, ZONE, "en")
        assert isinstance(asked, Asked)
        assert asked.other is None


@pytest.mark.parametrize("clock", ["8.30", "8:30", "08:30", "8h30", "8:30 am", "half past eight", "8.30 a.m."])
def test_a_time_may_be_typed_as_people_type_it(clock: str) -> None:
    asked = parse(f"every day at {clock} my mail", NOW, ZONE, "en")
    assert isinstance(asked, Asked)
    assert (asked.schedule.start.hour, asked.schedule.start.minute) == (8, 30)


@pytest.mark.parametrize("clock", ["8.30 Uhr", "8:30", "08:30 Uhr", "8 Uhr 30", "halb neun"])
def test_a_time_may_be_typed_as_germans_type_it(clock: str) -> None:
    asked = parse(f"jeden Tag um {clock} meine Mails", NOW, ZONE, "de")
    assert isinstance(asked, Asked)
    assert (asked.schedule.start.hour, asked.schedule.start.minute) == (8, 30)


def test_what_is_too_long_is_not_read() -> None:
    assert parse("every day at 9 " + "x" * LONGEST, NOW, ZONE, "en") == Ask("too_long")


WORDS = {
    language: sorted(
        {*words.days, *words.months, *words.numbers, "every", "jeden", "at", "um", "8:30", "31.", "2.", "in"}
    )
    for language in LANGUAGES
    for words in [vocabulary(language)]
}


@given(st.sampled_from(LANGUAGES), st.data())
def test_nothing_that_is_typed_breaks_it(language: str, data: st.DataObject) -> None:
    piece = st.one_of(st.sampled_from(WORDS[language]), st.text(max_size=8))
    text = " ".join(data.draw(st.lists(piece, max_size=8)))
    asked = parse(text, NOW, ZONE, language)
    if isinstance(asked, Asked):
        # Never more often than once a day: whatever is said to be more often is asked back.
        shortest = asked.schedule.shortest(NOW)
        assert shortest is None or shortest >= timedelta(hours=23)
