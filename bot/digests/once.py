"""A single time people say: tomorrow at five, am Freitag um neun, on 3 December, in two hours."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.digests.clock import Clock
from bot.digests.vocabulary import Vocabulary

_MINUTES = {"minute": 1, "hour": 60, "stunde": 60}
_DAYS = {"day": 1, "tag": 1, "week": 7, "woche": 7}
_FURTHEST = timedelta(days=366 * 2)


@dataclass(frozen=True, slots=True)
class Once:
    match: re.Match[str]
    at: datetime | None = None
    """Local and naive; None when the day is known and the time is not."""
    unclear: bool = False
    """Which day is meant cannot be told."""


class Passed(Exception):
    """The time lies before now, or too far away; `words` says it."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def once(words: Vocabulary, text: str, now: datetime, said: Clock) -> Once | None:
    """`now` is local and naive, as the result is. Raises `Passed`."""
    if found := words.first("once", "relative", text):
        return _relative(words, found, now, said)
    if found := words.first("once", "unclear_date", text):
        return Once(found, unclear=True)
    dated = _dated(words, text, now)
    if dated is None:
        return None
    day, found = dated
    if day is None:
        return Once(found, unclear=True)
    if not said.found:
        return Once(found)
    at = datetime.combine(day, datetime.min.time()).replace(hour=said.hour, minute=said.minute)
    if at <= now or at - now > _FURTHEST:
        raise Passed(found[0].strip())
    return Once(found, at)


def _dated(words: Vocabulary, text: str, now: datetime) -> tuple[date | None, re.Match[str]] | None:
    today = now.date()
    for name, days in (("after_tomorrow", 2), ("tomorrow", 1), ("today", 0)):
        if found := words.first("once", name, text):
            return today + timedelta(days=days), found
    if found := words.first("once", "date", text):
        return _date(words, found, today), found
    if found := words.first("once", "weekday", text):
        ahead = (words.weekdays(found["day"])[0] - today.weekday()) % 7 or 7
        # "next Friday" said on a Monday is this week's for some and the next week's for others.
        doubtful = bool(found.groupdict().get("next")) and ahead > 2 and today.weekday() + ahead < 7
        return (None if doubtful else today + timedelta(days=ahead)), found
    return None


def _date(words: Vocabulary, found: re.Match[str], today: date) -> date | None:
    groups = found.groupdict()
    month = words.months[groups["month"]] if groups.get("month") else int(groups["mm"])
    year = int(groups["year"]) if groups.get("year") else today.year
    try:
        day = date(year, month, int(found["date"]))
        return day if groups.get("year") or day >= today else date(year + 1, month, day.day)
    except ValueError:
        return None


def _relative(words: Vocabulary, found: re.Match[str], now: datetime, said: Clock) -> Once:
    n, unit = words.number(found["n"]), found["unit"]
    if not n and unit not in _MINUTES:
        return Once(found, unclear=True)
    minutes = 30 if not n else n * _MINUTES.get(unit, 0)
    if unit in _MINUTES:
        return Once(found, now + timedelta(minutes=minutes))
    if unit not in _DAYS:
        return Once(found, unclear=True)
    day = now + timedelta(days=n * _DAYS[unit])
    if day - now > _FURTHEST:
        raise Passed(found[0].strip())
    return Once(found, day.replace(hour=said.hour, minute=said.minute) if said.found else day)
