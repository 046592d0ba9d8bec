"""The time of day somebody says: 8:30, half past eight, halb neun, 5 pm, noon, in the morning."""

import re
from dataclasses import dataclass
from datetime import time

from bot.digests.vocabulary import Vocabulary

_NOT_A_BARE_MORNING = range(1, 7)
"""Hours that nobody works at: read as the afternoon, and offered as the morning beside it."""


@dataclass(frozen=True, slots=True)
class Clock:
    found: bool = False
    hour: int = 0
    minute: int = 0
    other: time | None = None
    """The other reading of a bare hour."""
    assumed: bool = False
    """Only a part of the day was said."""
    twice: bool = False
    """More than one time was said."""
    matches: tuple[re.Match[str], ...] = ()


def clock(words: Vocabulary, text: str) -> Clock:
    for pattern, said in words.named_times:
        if found := pattern.search(text):
            moment = time.fromisoformat(said)
            return Clock(True, moment.hour, moment.minute, matches=(found,))
    for name in ("before", "past", "plain"):
        for found in words.matches("clock", name, text):
            read = _read(words, name, found, text)
            if read is not None:
                return read
    for pattern, said in words.parts:
        if found := pattern.search(text):
            moment = time.fromisoformat(said)
            return Clock(True, moment.hour, moment.minute, assumed=True, matches=(found,))
    return Clock()


def _read(words: Vocabulary, name: str, found: re.Match[str], text: str) -> Clock | None:
    groups = found.groupdict()
    hour, minute = words.number(found["h"]), int(groups.get("m") or 0)
    quarter = groups.get("quarter") or ""
    half_words = {half: words.first("halves", half, text) for half in ("am", "pm")}
    half = (groups.get("half") or "").replace(".", "") or next((h for h, said in half_words.items() if said), "")
    if (
        hour > 24
        or minute > 59
        or (half and not groups.get("half") and hour > 12)
        or (groups.get("half") and hour > 12)
    ):
        half = ""
    if hour > 24 or minute > 59:
        return None
    bare = not half and "m" not in {key for key, value in groups.items() if value} and 0 < hour <= 12
    hour %= 24
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    shift = {"before": {"halb": -30, "quarter": -15, "viertel vor": -15, "dreiviertel": -15}, "past": {"half": 30}}
    minutes = hour * 60 + minute + (shift.get(name, {}).get(quarter, 15) if name != "plain" else 0)
    hour, minute = divmod(minutes % 1440, 60)
    other = None
    if bare and hour in _NOT_A_BARE_MORNING and "uhr" not in found[0]:
        other, hour = time(hour, minute), hour + 12
    twice = name == "plain" and _another(words, text, found)
    said = tuple(match for match in half_words.values() if match and half)
    return Clock(True, hour, minute, other, twice=twice, matches=(found, *said))


def _another(words: Vocabulary, text: str, found: re.Match[str]) -> bool:
    rest = text[: found.start()] + "\x00" * (found.end() - found.start()) + text[found.end() :]
    joined = re.match(
        r"\W*(?:and|und|&|,)\W*(?:at |um )?\d{1,2}(?:[:.]\d{2})?\b(?! ?(?:days?|tage?))", text[found.end() :]
    )
    return joined is not None or bool(words.first("clock", "plain", rest.split("\n")[0]))
