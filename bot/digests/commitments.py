"""Deadlines, promises and requests found in what people wrote: each with who and when only where the text says so.

Rules and no model: a model that fills a gap with a likely name or date is the one thing a list of commitments must not have.
English and German. A relative day ("by Friday") is counted from the day it was written on.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Literal

from bot.digests.clock import Clock
from bot.digests.once import Passed, once
from bot.digests.sentences import sentences
from bot.digests.vocabulary import folded, vocabulary

LONGEST = 20_000
"""Characters of a text that are looked at."""
MOST = 12
"""Of one text; one with more is a list that its reader opens anyway."""
MOST_SENTENCES = 600
_LONGEST_SENTENCE = 300
_MOST_DAYS = 6
"""Places in a sentence where a day is looked for."""
_MOST_WORDS = 5
"""Of a name."""
_ON = {"en": "on", "de": "am"}
"""What stands before a day in each language, where "by" took its place."""
_NEAR = 12
"""Letters between "by" and the day it is about."""
_DAY_ONLY = Clock(found=True, hour=23, minute=59)

Kind = Literal["promise", "request", "deadline"]


@dataclass(frozen=True, slots=True)
class Commitment:
    kind: Kind
    text: str
    """The sentence, as it was written."""
    owner: str
    """Full name of who is to do it; empty where the text names nobody who was there."""
    due: date | None
    """None where the text says no day."""


_BULLET = re.compile(r"^(?:[-*•–]|\d{1,2}[.)]|\[[ x]?\])\s+")
_DEADLINE = re.compile(
    r"\b(?:deadlines?|due(?: date| by| on)?|no later than|at the latest|cut-?off|expires?|closes?|frist|stichtag|abgabe\w*"
    r"|f(?:ä|ae)llig|sp(?:ä|ae)testens|einsendeschluss|anmeldeschluss|l(?:ä|ae)uft .{0,40}\bab)\b",
    re.IGNORECASE,
)
_BY = re.compile(
    r"\b(?:by|until|till|before|due|on|latest|bis|vor|am|zum|sp(?:ä|ae)testens|f(?:ä|ae)llig)\b", re.IGNORECASE
)
_IS = re.compile(r"\b(?:is|ist|on|am)\b|[:=]", re.IGNORECASE)
_UNTIL = re.compile(
    r"\b(?:by|until|till|before|due|latest|later than|bis|vor|sp(?:ä|ae)testens|f(?:ä|ae)llig)\b", re.IGNORECASE
)
REQUEST = re.compile(
    r"\b(?:please|could you|can you|would you|will you|need(?:s)? you to|need your|waiting for you(?:r)?|let me know"
    r"|bitte|kannst du|k(?:ö|oe)nnen sie|k(?:ö|oe)nntest du|k(?:ö|oe)nnten sie|brauch\w* .{0,30}\b(?:von dir|von ihnen|deine|ihre)"
    r"|gib(?:t)? mir|sag mir)\b",
    re.IGNORECASE,
)
_DEEDS = (
    r"schicke|sende|liefere|k(?:ü|ue)mmere|(?:ü|ue)bernehme|erledige|mache|bereite|pr(?:ü|ue)fe|melde|stelle"
    r"|kl(?:ä|ae)re|gebe|reiche|werde"
)
_FIRST = re.compile(
    r"\b(?:I(?:['’]ll| will| shall| am going to|['’]m going to| promise(?:d)? to| agreed to| take care of| can have)\b"
    rf"|ich (?:{_DEEDS})\b|(?:{_DEEDS})\s+ich\b)",
    re.IGNORECASE,
)
_WILL = re.compile(
    r"(?:\s+(?:will|shall|is going to|promised to|agreed to|takes care of|is to|has to|must|needs to|to)\b|['’]ll\b"
    r"|\s+(?:wird|schickt|sendet|liefert|k(?:ü|ue)mmert|(?:ü|ue)bernimmt|erledigt|macht|bereitet|pr(?:ü|ue)ft|meldet"
    r"|stellt|kl(?:ä|ae)rt|muss|soll|hat zu)\b"
    r"|\s*[:–—-]\s+(?=\w))"
)
_NOT_MEANT = re.compile(
    r"\b(?:not|never|won['’]t|nicht|nie|kein\w*|if|wenn|falls|would have|h(?:ä|ae)tte)\b", re.IGNORECASE
)
_ACTION = re.compile(r"^(?:action(?: item)?|to-?do|aufgabe|n(?:ä|ae)chster schritt|next step)s?\s*:\s*", re.IGNORECASE)


def commitments(text: str, author: str, people: Iterable[str], written: datetime) -> list[Commitment]:
    """In reading order. `author`, `people`: full names of who wrote it and of everybody around; `written`: local, naive."""
    names = _names((author, *people))
    found: list[Commitment] = []
    for said in islice(sentences(text[:LONGEST]), MOST_SENTENCES):
        sentence = _BULLET.sub("", said)
        if not 8 <= len(sentence) <= _LONGEST_SENTENCE:
            continue
        one = _read(sentence, author, names, written)
        if one is not None and all(one.text != other.text for other in found):
            found.append(one)
            if len(found) == MOST:
                break
    return found


def _read(sentence: str, author: str, names: dict[str, str], written: datetime) -> Commitment | None:
    due = due_day(sentence, written) or (_named_day(sentence, written) if _DEADLINE.search(sentence) else None)
    action = _ACTION.match(sentence)
    rest = sentence[action.end() :] if action else sentence
    if _NOT_MEANT.search(rest) and not due:
        return None
    named = _named(rest, names)
    if named:
        return Commitment("promise", sentence, named, due)
    if _FIRST.search(rest) and (due or not rest.endswith("?")):
        return Commitment("promise", sentence, author, due) if _is_deed(rest) else None
    if REQUEST.search(rest):
        return Commitment("request", sentence, "", due_day(sentence, written, until=True))
    if action:
        return Commitment("promise", sentence, "", due)
    return Commitment("deadline", sentence, "", due) if due and _DEADLINE.search(rest) else None


def due_day(sentence: str, written: datetime, *, until: bool = False) -> date | None:
    """The day something is to be done by, said as one: a day alone ("last Friday we met") is none.

    `until`: nor is a day something happens on ("the agenda of the training on 26 January").
    """
    return _after(_UNTIL if until else _BY, sentence, written)


def _named_day(sentence: str, written: datetime) -> date | None:
    """Of a deadline: "the deadline is 30 November"."""
    return _after(_IS, sentence, written)


def _after(words: re.Pattern[str], sentence: str, written: datetime) -> date | None:
    for by in islice(words.finditer(sentence), _MOST_DAYS):
        after = folded(sentence[by.end() : by.end() + 60])
        for language, on in _ON.items():
            for said in (after, f"{on} {after}"):
                due = _day(said, language, written)
                if due is not None:
                    return due
    return None


def _day(said: str, language: str, written: datetime) -> date | None:
    try:
        read = once(vocabulary(language), said, written, _DAY_ONLY)
    except Passed:
        return None
    near = read is not None and read.at is not None and read.match.start() <= _NEAR
    return read.at.date() if read is not None and read.at is not None and near else None


def _names(people: Iterable[str]) -> dict[str, str]:
    """Full names by every way they are called; a first name that two people share names nobody."""
    full = {name for name in (" ".join(one.split()) for one in people) if name}
    called: dict[str, set[str]] = {}
    for name in full:
        for part in {name, name.split()[0]}:
            called.setdefault(part, set()).add(name)
    return {part: next(iter(whom)) for part, whom in called.items() if len(whom) == 1}


def _named(sentence: str, names: dict[str, str]) -> str:
    """By the words before what somebody does: a list of recipients may be as long as its sender likes."""
    for will in _WILL.finditer(sentence):
        before = sentence[: will.start()].split()[-_MOST_WORDS:]
        for start in range(len(before)):
            called = names.get(" ".join(before[start:]).lstrip('@("“„*'))
            if called and not _NOT_MEANT.search(sentence[will.end() : will.end() + 12]):
                return called
    return ""


def _is_deed(sentence: str) -> bool:
    """Promises without a day count only when they say what will be done, not that somebody will think or see."""
    return not re.search(
        r"\b(?:will|['’]ll|werde)\s+(?:be|have to|see|think|try|let you know|miss|probably|maybe|sein|sehen|versuchen)\b",
        sentence,
        re.IGNORECASE,
    )
