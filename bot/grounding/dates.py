"""Times said in words: "last week", "since Monday", "in October", "vor drei Tagen", in the time zone of who says them.

Own rules: the libraries that read dates in many languages import for half a second and find dates in ordinary words.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """A span of whole days; an open end is None. Both moments are aware, in the zone of `now`."""

    after: datetime | None
    before: datetime | None
    """The last moment that belongs to it."""
    said: str
    """The words of the question that say it."""
    relative: bool
    """Counted from today ("last week"), so it speaks of when something was written rather than of a date written about."""

    def holds(self, moment: datetime) -> bool:
        return (self.after is None or moment >= self.after) and (self.before is None or moment <= self.before)


_Days = tuple[date, date]
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        ("monday montag", "tuesday dienstag", "wednesday mittwoch", "thursday donnerstag", "friday freitag",
         "saturday samstag sonnabend", "sunday sonntag")
    )
    for name in names.split()
}  # fmt: skip
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january januar jänner", "february februar", "march märz", "april", "may mai", "june juni", "july juli", "august",
         "september", "october oktober", "november", "december dezember"), 1
    )
    for name in names.split()
}  # fmt: skip
CALENDAR_WORDS = frozenset((*_WEEKDAYS, *_MONTHS))
_NUMBERS = {
    word: number
    for number, words in enumerate(("one a an ein einem einer einen eine", "two zwei couple", "three drei", "four vier",
                                    "five fünf", "six sechs", "seven sieben", "eight acht", "nine neun", "ten zehn"), 1)
    for word in words.split()
}  # fmt: skip
_UNITS = {"day": "day", "tag": "day", "week": "week", "woch": "week", "mon": "month", "year": "year", "jahr": "year",
          "quar": "quarter"}  # fmt: skip
_N = rf"(\d{{1,3}}|{'|'.join(_NUMBERS)})"
_UNIT = r"(days?|weeks?|months?|years?|quarters?|tage?n?|wochen?|monate?n?|monats|jahre?n?|jahres|quartale?n?|quartals)"
_MONTH = rf"({'|'.join(_MONTHS)})"
_YEAR = r"(?:,? (?:of )?(\d{4}))?"
_LAST = (
    r"(last|past|previous|this|current|next|letzte[nrms]?|vergangene[nrms]?|vorige[nrms]?|diese[nrms]?|nächste[nrms]?)"
)
_OPEN = re.compile(
    r"\b(since|from|after|seit|ab|nach|before|until|till|by|vor|bis)\s+(?:the |dem |der |den |zum )?$", re.IGNORECASE
)
_SINCE = frozenset(("since", "from", "after", "seit", "ab", "nach"))
_BEFORE = frozenset(("before", "vor"))


def window(text: str, now: datetime) -> Window | None:
    """The first span of time that is named, or None. `now` is aware, in the person's zone."""
    for pattern, days, relative in _RULES:
        for match in pattern.finditer(text):
            found = days(match, now.date())
            if found is not None:
                return _opened(text, match, found, now, relative=relative)
    return None


def _opened(text: str, match: re.Match[str], days: _Days, now: datetime, *, relative: bool) -> Window:
    first, last = days
    start = datetime.combine(first, time.min, now.tzinfo)
    end = datetime.combine(last, time.max, now.tzinfo)
    opening = _OPEN.search(text[: match.start()])
    said = match.group()
    if opening is None:
        return Window(start, end, said, relative)
    word = opening.group(1).casefold()
    said = f"{opening.group().strip()} {said}"
    if word in _SINCE:
        return Window(start, None, said, relative or word in {"since", "seit"})
    if word in _BEFORE:
        return Window(None, start - timedelta(microseconds=1), said, relative)
    return Window(None, end, said, relative)


def _unit(word: str) -> str:
    return next(unit for beginning, unit in _UNITS.items() if word.casefold().startswith(beginning))


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.casefold()]


def _minus(today: date, number: int, unit: str) -> date | None:
    try:
        if unit in {"day", "week"}:
            return today - timedelta(days=number * (7 if unit == "week" else 1))
        months = today.year * 12 + today.month - 1 - number * {"month": 1, "quarter": 3, "year": 12}[unit]
        year, month = divmod(months, 12)
        return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))
    except (ValueError, OverflowError):
        return None


def _whole(day: date, unit: str) -> _Days:
    """The day, week, month, quarter or year a day lies in."""
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    if unit == "month":
        return _month(day.year, day.month)
    if unit == "quarter":
        return _quarter(day.year, (day.month + 2) // 3)
    return (day, day) if unit == "day" else (date(day.year, 1, 1), date(day.year, 12, 31))


def _month(year: int, month: int) -> _Days:
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _quarter(year: int, quarter: int) -> _Days:
    return date(year, 3 * quarter - 2, 1), _month(year, 3 * quarter)[1]


def _span(match: re.Match[str], today: date) -> _Days | None:
    """`last week`, `this month`, `nächste Woche`."""
    word, unit = match.group(1).casefold(), _unit(match.group(2))
    step = -1 if word.startswith(("next", "nächste")) else 0 if word.startswith(("this", "current", "diese")) else 1
    day = _minus(today, step, unit)
    return None if day is None else _whole(day, unit)


def _last_few(match: re.Match[str], today: date) -> _Days | None:
    """`the last three days`, `in den letzten 2 Wochen`: up to today."""
    day = _minus(today, _number(match.group(2)), _unit(match.group(3)))
    return None if day is None else (day, today)


def _ago(match: re.Match[str], today: date) -> _Days | None:
    number, unit = next((n, u) for n, u in (match.group(1, 2), match.group(3, 4)) if n)
    day = _minus(today, _number(number), _unit(unit))
    return (
        None
        if day is None
        else _whole(day, "day" if _unit(unit) == "day" else "week" if _unit(unit) == "week" else "month")
    )


def _weekday(match: re.Match[str], today: date) -> _Days:
    """The latest one before today, or with `next` the one after."""
    ahead = (_WEEKDAYS[match.group(2).casefold()] - today.weekday()) % 7
    word = (match.group(1) or "").casefold()
    day = today + timedelta(days=(ahead or 7) if word.startswith(("next", "nächste")) else ahead - 7)
    return day, day


def _named_month(match: re.Match[str], today: date) -> _Days | None:
    """The latest one that has begun, unless a year is said. `beginning of`, `Mitte`, `end of` take a third of it."""
    if match.group(2) in {"may", "march"}:
        return None  # written small they are no months
    part, month = (match.group(1) or "").casefold(), _MONTHS[match.group(2).casefold()]
    year = int(match.group(3)) if match.group(3) else today.year - (month > today.month)
    if not 1 <= year <= 9998:
        return None
    first, last = _month(year, month)
    if part.startswith(("begin", "start", "early", "anfang")):
        return first, first.replace(day=10)
    if part.startswith(("mid", "mitte")):
        return first.replace(day=10), first.replace(day=20)
    return (first.replace(day=20), last) if part else (first, last)


def _day_and_month(day: str, month: int, year: str | None, today: date) -> _Days | None:
    try:
        if year:
            found = date(int(year) + (2000 if len(year) == 2 else 0), month, int(day))
        else:
            found = date(today.year - (month > today.month + 1), month, int(day))
    except ValueError:
        return None
    return found, found


def _iso(match: re.Match[str], today: date) -> _Days | None:
    return _day_and_month(match.group(3), int(match.group(2)), match.group(1), today)


def _dotted(match: re.Match[str], today: date) -> _Days | None:
    return _day_and_month(match.group(1), int(match.group(2)), match.group(3), today)


def _written(match: re.Match[str], today: date) -> _Days | None:
    day, month, year = match.group(1, 2, 3) if match.group(1) else (match.group(5), match.group(4), match.group(6))
    return _day_and_month(day, _MONTHS[month.casefold()], year, today)


def _named_quarter(match: re.Match[str], today: date) -> _Days:
    quarter = int(match.group(1))
    return _quarter(int(match.group(2)) if match.group(2) else today.year - (3 * quarter - 2 > today.month), quarter)


def _offset(days: int) -> Callable[[re.Match[str], date], _Days]:
    return lambda _, today: (today + timedelta(days=days), today + timedelta(days=days))


def _rule(pattern: str, days: Callable[[re.Match[str], date], _Days | None], *, relative: bool) -> "_Rule":
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE), days, relative


_Rule = tuple[re.Pattern[str], Callable[[re.Match[str], date], _Days | None], bool]
_RULES: tuple[_Rule, ...] = (
    _rule(r"(?:the )?day before yesterday|vorgestern", _offset(-2), relative=True),
    _rule(r"yesterday|gestern", _offset(-1), relative=True),
    _rule(r"today|heute", _offset(0), relative=True),
    _rule(r"tomorrow", _offset(1), relative=True),
    _rule(rf"(?:the )?{_LAST} {_N} {_UNIT}", _last_few, relative=True),
    _rule(rf"{_N} {_UNIT} ago|vor {_N} {_UNIT}", _ago, relative=True),
    _rule(rf"{_LAST} {_UNIT}", _span, relative=True),
    _rule(r"(\d{4})-(\d{1,2})-(\d{1,2})", _iso, relative=False),
    _rule(r"(\d{1,2})\.\s?(\d{1,2})\.(\d{4}|\d{2})?", _dotted, relative=False),
    _rule(rf"(\d{{1,2}})(?:\.|st|nd|rd|th)? (?:of )?{_MONTH}{_YEAR}|{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?{_YEAR}", _written, relative=False),
    _rule(rf"{_LAST.replace('(', '(?:on )?(?:the )?(', 1)}?\s?\b({'|'.join(_WEEKDAYS)})", _weekday, relative=True),
    _rule(
        rf"(?:the )?(beginning|start|early|middle|mid|end|anfang|mitte|ende)?\s?(?:of |in |im |des )?{_MONTH}{_YEAR}",
        _named_month,
        relative=False,
    ),
    _rule(r"Q([1-4])(?: (\d{4}))?", _named_quarter, relative=False),
)  # fmt: skip
