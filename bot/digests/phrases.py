"""What somebody wants when they ask for a digest in plain words: when, what, where, and of which kind.

Rules over word tables and no model: a schedule that a model misheard would be found out weeks later. Whatever can be meant in two
ways is asked back, but for one thing: a bare hour from 1 to 6 is read as the afternoon, and the other reading is offered beside it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from bot.digests.clock import Clock, clock
from bot.digests.once import Passed, once
from bot.digests.recurring import Rule, Unclear, recurring
from bot.digests.schedule import Schedule, zone_named
from bot.digests.vocabulary import Vocabulary, folded, vocabulary

LONGEST = 1000
"""Characters of a request; of a longer one nothing is read."""

Target = Literal["", "here", "me", "channel"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Understood. `what` is the rest of the words, as they were typed; empty when there was nothing but times."""

    schedule: Schedule
    what: str
    target: Target = ""
    """Where it goes; empty when nothing was said about it."""
    channel: str = ""
    """Its name, when one was named."""
    kind: str = ""
    """One of the digests we know how to make (a section of `[kinds]`); empty for any other wish."""
    about: str = ""
    """What such a digest is about, as in "what changed in the Phoenix folder"."""
    other: Schedule | None = None
    """The other reading of a bare hour."""
    assumed: bool = False
    """The time of day was not said, but the part of the day was."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question back: a key of `bot.texts` in the section `schedule`, and what stands in its places."""

    key: str
    named: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Text:
    """The request as it was typed, and folded, letter for letter at known places."""

    typed: str
    folded: str
    places: tuple[int, ...]
    """For each letter of `folded`, where in `typed` it came from."""
    taken: tuple[tuple[int, int], ...] = ()
    """Parts of `folded` that are understood."""

    def without(self, *matches: re.Match[str] | None) -> "_Text":
        spans = (match.span() for match in matches if match)
        return replace(self, taken=(*self.taken, *(span for span in spans if span[1] <= len(self.folded))))

    @property
    def left(self) -> str:
        """`folded`, with blanks where something was understood: two meanings never share a word."""
        letters = list(self.folded)
        for start, end in self.taken:
            letters[start:end] = "\x00" * (end - start)
        return "".join(letters)


_When = tuple[Schedule, Clock, _Text]
"""With the time of day as it was said, and the request without the words for both."""


def parse(text: str, now: datetime, zone: str, language: str) -> Asked | Ask:
    """`now` is aware; `zone` the IANA name of the person's own; `language` two letters. Raises `BadSchedule` for no such zone."""
    if len(text) > LONGEST:
        return Ask("too_long")
    words = vocabulary(language)
    request = _mapped(text)
    local = now.astimezone(zone_named(zone)).replace(tzinfo=None, second=0, microsecond=0)
    if words.first("often", "before_meeting", request.folded):
        return Ask("before_meeting")
    kind, about, spoken_of = _kind(words, request)
    (target, channel), request = _place(words, request, spoken_of)
    when = _when(words, request, local, zone)
    if isinstance(when, Ask):
        return when
    schedule, said, request = when
    other = None
    if said.other is not None:
        other = replace(schedule, start=datetime.combine(schedule.start, said.other))
    what = _rest(words, request)
    return Asked(schedule, what, target, channel, kind, about, other, said.assumed)


def _when(words: Vocabulary, request: _Text, local: datetime, zone: str) -> _When | Ask:
    for key in ("too_often", "unclear"):
        if found := words.first("often", key, request.left):
            return Ask(key, {"words": found[0].strip()})
    rule = recurring(words, request.left)
    if isinstance(rule, Unclear):
        return Ask(rule.key, {"words": rule.words})
    said = clock(words, _without_dates(words, request.left, rule))
    if said.twice:
        return Ask("two_times")
    if rule is None:
        return _once(words, request, local, zone, said)
    if not said.found:
        return Ask("what_time", {"words": rule.match[0].strip()})
    start = local.replace(hour=said.hour, minute=said.minute)
    return Schedule(rule.rule, start, zone), said, request.without(rule.match, *said.matches)


def _once(words: Vocabulary, request: _Text, local: datetime, zone: str, said: Clock) -> _When | Ask:
    try:
        found = once(words, request.left, local, said)
    except Passed as passed:
        return Ask("past", {"words": passed.words})
    if found is None:
        return Ask("which_day", {"words": said.matches[0][0].strip()}) if said.found else Ask("when")
    if found.at is None:
        return Ask("which_day" if found.unclear else "what_time", {"words": found.match[0].strip()})
    return Schedule("", found.at, zone), said, request.without(found.match, *said.matches)


def _without_dates(words: Vocabulary, text: str, rule: Rule | None) -> str:
    """Days and numbers of weeks look like hours: what is understood already, and any date, is no time of day."""
    matches = [rule.match] if rule else []
    matches += [found for name in ("date", "relative") if (found := words.first("once", name, text))]
    letters = list(text)
    for found in matches:
        # A part of the day may stand within the words of a rule: "every morning".
        letters[found.start() : found.end()] = "\x00" * (found.end() - found.start())
    hidden = "".join(letters)
    return f"{hidden}\n{rule.match[0]}" if rule else hidden


def _place(words: Vocabulary, request: _Text, spoken_of: re.Match[str] | None) -> tuple[tuple[Target, str], _Text]:
    if found := words.first("places", "channel", request.left):
        start, end = (request.places[found.start("name")], request.places[found.end("name") - 1] + 1)
        return ("channel", request.typed[start:end].strip()), request.without(found)
    for target in ("me", "here"):
        found = words.first("places", target, request.left)
        # "a summary of this thread" says what, and not where.
        if found and not (spoken_of and spoken_of.start() <= found.start() < spoken_of.end()):
            kept = found[0].startswith(("this", "dies")) or found.re.groups
            return (("me" if target == "me" else "here"), ""), request if kept else request.without(found)
    return ("", ""), request


def _kind(words: Vocabulary, request: _Text) -> tuple[str, str, re.Match[str] | None]:
    for kind in words.tables["kinds"]:
        if found := words.first("kinds", kind, request.folded):
            about = ""
            if "name" in found.groupdict() and found["name"]:
                start, end = request.places[found.start("name")], request.places[found.end("name") - 1] + 1
                about = request.typed[start:end].strip()
            return kind, about, found
    return "", "", None


def _rest(words: Vocabulary, request: _Text) -> str:
    """What is left, as it was typed, without the words that only led to it."""
    taken = {request.places[n] for start, end in request.taken for n in range(start, end)}
    rest = " ".join("".join(" " if n in taken else letter for n, letter in enumerate(request.typed)).split())
    rest = re.sub(r"\s+([,.;:])", r"\1", rest).strip(" ,;:.–-")
    while True:
        low = folded(rest)
        lead = next((found for found in words.matches("filler", "start", low) if found.start() == 0 and found[0]), None)
        if lead is None or len(low) != len(rest):
            break
        rest = rest[lead.end() :].lstrip(" ,;:")
    return rest


def _mapped(typed: str) -> _Text:
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(typed):
        small = folded(letter) or " "
        if small == " " and letters[-1:] == [" "]:
            continue
        letters += small
        places += [place] * len(small)
    return _Text(typed, "".join(letters), tuple(places))
