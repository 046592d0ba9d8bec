"""Recurrences people say, as RFC 5545 rules: "every weekday", "am ersten Montag", "alle zwei Wochen freitags"."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.digests.vocabulary import Vocabulary

_BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LONGEST_INTERVAL = 52


@dataclass(frozen=True, slots=True)
class Rule:
    rule: str
    match: re.Match[str]


@dataclass(frozen=True, slots=True)
class Unclear:
    """`key` of a question back, and the words it is about."""

    key: str
    words: str


_Maker = Callable[[Vocabulary, re.Match[str]], str]
"""A rule; empty when the words do not make one; "?key" for a question."""


def recurring(words: Vocabulary, text: str) -> Rule | Unclear | None:
    """The first table that fits decides; they stand in the order from the special to the general."""
    for name, make in _MAKERS:
        for found in words.matches("rules", name, text):
            made = make(words, found)
            if made.startswith("?"):
                return Unclear(made[1:], found[0].strip())
            if made:
                return Rule(made, found)
    return None


def _days(words: Vocabulary, found: re.Match[str]) -> str:
    return ",".join(_BYDAY[day] for day in words.weekdays(found["days"]))


def _weekly(words: Vocabulary, found: re.Match[str]) -> str:
    days = _days(words, found)
    return f"FREQ=WEEKLY;BYDAY={days}" if days else ""


def _every_weeks(words: Vocabulary, found: re.Match[str]) -> str:
    groups = found.groupdict()
    n = words.number(groups["n"]) if groups.get("n") else 2
    days = _days(words, found)
    return f"FREQ=WEEKLY;INTERVAL={n};BYDAY={days}" if days and 0 < n <= _LONGEST_INTERVAL else ""


def _monthly_day(words: Vocabulary, found: re.Match[str]) -> str:
    day = words.weekdays(found["day"])
    return f"FREQ=MONTHLY;BYDAY={words.ordinal(found['ordinal'])}{_BYDAY[day[0]]}" if day else ""


def _monthly_workday(words: Vocabulary, found: re.Match[str]) -> str:
    return f"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS={words.ordinal(found['ordinal'])}"


def _monthly_date(words: Vocabulary, found: re.Match[str]) -> str:
    del words
    day = int(found["date"])
    if 28 < day <= 31:
        return "?not_every_month"
    return f"FREQ=MONTHLY;BYMONTHDAY={day}" if 0 < day <= 28 else "?no_such_day"


def _yearly(words: Vocabulary, found: re.Match[str]) -> str:
    groups = found.groupdict()
    month = words.months[groups["month"]] if groups.get("month") else int(groups["mm"])
    day = int(found["date"])
    return f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}" if _is_day(month, day) else "?no_such_day"


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= (29 if month == 2 else 30 if month in {4, 6, 9, 11} else 31)


def _every_days(words: Vocabulary, found: re.Match[str]) -> str:
    n = words.number(found["n"])
    return f"FREQ=DAILY;INTERVAL={n}" if 0 < n <= 366 else ""


def _always(rule: str) -> _Maker:
    return lambda words, found: rule


_MAKERS: tuple[tuple[str, _Maker], ...] = (
    ("workdays", _always("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")),
    ("weekends", _always("FREQ=WEEKLY;BYDAY=SA,SU")),
    ("monthly_workday", _monthly_workday),
    ("yearly", _yearly),
    ("every_weeks", _every_weeks),
    ("monthly_day", _monthly_day),
    ("monthly_last", _always("FREQ=MONTHLY;BYMONTHDAY=-1")),
    ("monthly_date", _monthly_date),
    ("quarterly", _always("?which_day")),
    ("weekly", _weekly),
    ("every_days", _every_days),
    ("daily", _always("FREQ=DAILY")),
    ("vague", _always("?which_day")),
)
