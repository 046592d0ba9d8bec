"""What a question says about what it looks for: its telling words, people, time, place and kind of file.

Nothing is asked of a model; the model can search again with its tools when the first evidence is thin.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Literal

from bot.grounding.dates import CALENDAR_WORDS, Window, window
from bot.grounding.words import (
    ACTIVITY,
    AROUND_GREETINGS,
    FILE_TYPES,
    FILE_WORDS,
    GENERIC,
    GERMAN,
    GREETINGS,
    MAIL_WORDS,
    PLEASANTRIES,
    SPEECH,
    STOP_WORDS,
    TITLES,
)
from graph.base import Hints

_WORD = re.compile(r"[^\W_][\w./@+-]*[^\W_]|[^\W_]")
_QUOTED = re.compile(r"[\"“„”]([^\"“„”]{2,80})[\"“”]")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_OPENING = re.compile(
    r"\s*(?:good (?:morning|afternoon|evening|day)|guten (?:morgen|tag|abend)|vielen dank|gr(?:ü|ue)(?:ß|ss) gott)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:in|on|from|of|im|am|aus dem|in der|in dem)\s+(?:the |our |unserem |dem |der )?"
    r"(?:(?P<before>[\w&.-]+(?: [\w&.-]+){0,3}?)[ -](?:channel|folder|chat|team|site|library|kanal|ordner)\b"
    r"|(?:channel|folder|kanal|ordner|chat|site) [\"“„]?(?P<after>[\w&.-]+(?: [A-ZÄÖÜ0-9][\w&.-]*){0,3}))",
    re.IGNORECASE,
)
_LINK = re.compile(r"<?https?://[^\s<>\"“”„]+>?", re.IGNORECASE)
_UNSPACED = re.compile(r"([\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+)")
_SUBJECT = frozenset(
    (
        "did",
        "does",
        "has",
        "had",
        "hat",
        "hatte",
        "schrieb",
        "sagte",
        "sagt",
        "schreibt",
        "meinte",
        "berichtete",
        "fragte",
    )
)
_SENDER = frozenset(("from", "by", "von", "vom", "laut"))
_RECIPIENT = frozenset(["to", "tell", "told", "ask", "asked", "an"])
_DONE_BY_US = re.compile(r"\b(?:do|did|does|can|should|must|will|would)\s+(?:we|i|you|they)\s+(\w+)", re.IGNORECASE)
_LONGEST_SMALL_TALK = 100
_MOST_WORDS = 10
_LONGEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Asked:
    text: str
    words: tuple[str, ...]
    """Those that tell, in order, without those of `window` and `place`; at most ten."""
    names: frozenset[str] = frozenset()
    """Of them, case-folded, those that name something: written with a capital, or holding a digit."""
    phrases: tuple[str, ...] = ()
    """What stood in quotation marks."""
    people: tuple[str, ...] = ()
    """Who may have written what is looked for."""
    spoken: bool = False
    """It asks what these people said or sent: others' documents are second choice."""
    recipients: tuple[str, ...] = ()
    window: Window | None = None
    """When it was written; a date that is merely written about is among the words."""
    place: str = ""
    file_types: tuple[str, ...] = ()
    kind: Literal["", "mail", "file"] = ""
    """What it calls the thing it looks for."""
    light: frozenset[str] = frozenset()
    """Of the words, case-folded, those that say little: what somebody does ("do we compete"), or what kind of answer is wanted."""

    def hints(self) -> Hints:
        words = frozenset(word.casefold() for word in _WORD.findall(self.text))
        # Whoever a thing comes from need not have said anything.
        people = self.people if self.spoken or self.kind == "mail" else ()
        return Hints(words, (*people, *self.recipients), self.place, self.window is not None)


def keywords(question: str) -> tuple[str, ...]:
    """The words of a question that carry its meaning, in order, without repeats; at most ten."""
    if small_talk(question):
        return ()
    seen: dict[str, str] = {}
    for word in _cut(_WORD.findall(_OPENING.sub("", without_links(question), count=1))):
        bare = re.sub(r"(?:'|’)s$", "", word).strip("./-+")
        if (
            bare
            and bare.casefold() not in STOP_WORDS | GREETINGS
            and (len(bare) > 1 or bare.isdigit() or not bare.isascii())
        ):
            seen.setdefault(bare.casefold(), bare)
    return tuple(seen.values())[:_MOST_WORDS]


def _cut(words: Sequence[str]) -> Iterator[str]:
    """Scripts that put no space between words are cut into pairs of characters, as their search engines do."""
    for word in words:
        runs = _UNSPACED.split(word) if _UNSPACED.search(word) else [word]
        for run in filter(None, runs):
            if _UNSPACED.fullmatch(run) and len(run) > 2:
                yield from (run[at : at + 2] for at in range(len(run) - 1))
            else:
                yield run


def without_links(question: str) -> str:
    """What is said beside them: where a link leads is opened (`bot.background.sent`), its address is nothing to search for."""
    return _LINK.sub(" ", question)


def small_talk(question: str) -> bool:
    """Whether somebody only greets or thanks: there is nothing to search, in this message or with the one before."""
    if _LINK.search(question):
        return False
    words = {word.casefold() for word in _WORD.findall(question[:_LONGEST_SMALL_TALK])}
    if len(question) > _LONGEST_SMALL_TALK or not words:
        return False
    return words <= PLEASANTRIES or (words <= AROUND_GREETINGS and not words.isdisjoint(GREETINGS))


def asked(question: str, now: datetime | None = None) -> Asked:
    """`now` is aware and in the person's own zone; without it no time is understood."""
    question = without_links(question)
    tokens = _WORD.findall(question)
    folded = {token.casefold() for token in tokens}
    spoken = not folded.isdisjoint(SPEECH)
    phrases = tuple(match.strip() for match in _QUOTED.findall(question) if match.strip())
    rest = _QUOTED.sub(" ", question) if phrases else question
    span = window(rest, now) if now is not None else None
    if span is not None and not (span.relative or spoken or not folded.isdisjoint(ACTIVITY)):
        span = None
    if span is not None:
        rest = rest.replace(span.said, " ", 1)
    found = _PLACE.search(rest)
    place = " ".join((found["before"] or found["after"]).split()) if found else ""
    if place.casefold() in STOP_WORDS | {"this", "that"}:
        place = ""
    people, strong, recipients = _people(rest, spoken=spoken)
    left_out = (SPEECH if strong else frozenset()) | (ACTIVITY if span is not None else frozenset()) | FILE_TYPES.keys()
    words = tuple(word for word in keywords(rest) if word.casefold() not in left_out)
    types = next((FILE_TYPES[w.casefold()] for w in keywords(rest) if w.casefold() in FILE_TYPES), ())
    german = len(folded & GERMAN) > 0
    known = {part for name in (*people, *recipients) for part in name.split()}
    return Asked(
        question,
        words,
        frozenset(
            w.casefold() for w in words if w in known or _names_something(w, first=w == tokens[0], german=german)
        ),
        phrases,
        people,
        bool(strong),
        recipients,
        span,
        place,
        types,
        "mail" if folded & MAIL_WORDS else "file" if folded & FILE_WORDS else "",
        frozenset(w.casefold() for w in _DONE_BY_US.findall(question)) | GENERIC,
    )


def _names_something(word: str, *, first: bool, german: bool) -> bool:
    if any(c.isdigit() for c in word):
        return True
    return word[0].isupper() and not first and (not german or word[1:].lower() != word[1:])


def _people(text: str, *, spoken: bool) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
    """(authors, whether the question is what they said, recipients)"""
    authors, recipients, strong = list[str](_ADDRESS.findall(text)), list[str](), False
    tokens = re.findall(r"[\w@.+’'-]+|[,;:?!]", text)
    for at, token in enumerate(tokens):
        cue = token.casefold()
        name = _name_after(tokens, at + 1) if cue in _SUBJECT | _SENDER | _RECIPIENT else ""
        if not name:
            continue
        if cue in _SUBJECT and (spoken or cue not in {"did", "does", "has", "had", "hat", "hatte"}):
            authors.append(name)
            strong = True
        elif cue in _SENDER:
            authors.append(name)
        elif cue in _RECIPIENT and spoken:
            recipients.append(name)
    return tuple(dict.fromkeys(authors)), strong, tuple(dict.fromkeys(recipients))


def _name_after(tokens: Sequence[str], at: int) -> str:
    """The name that begins there: capitalised words, titles before them left out."""
    name: list[str] = []
    following = tokens[at : at + _LONGEST_NAME + 1]
    for token, after in zip_longest(following, following[1:], fillvalue=""):
        bare = re.sub(r"(?:'|’)s$", "", token)
        if not name and bare.strip(".").casefold() in TITLES:
            continue
        if not _can_be_a_name(bare, after) or len(name) == _LONGEST_NAME:
            break
        name.append(bare)
        if bare != token:
            break
    return " ".join(name)


def _can_be_a_name(word: str, after: str) -> bool:
    if not word[:1].isupper() or not word.replace("-", "").isalpha() or word.casefold() in CALENDAR_WORDS:
        return False
    # "Per Holm" is somebody, "per" is not.
    return word.casefold() not in STOP_WORDS or (len(word) > 2 and after[:1].isupper())


def weight(word: str, of: Asked) -> float:
    """How much a word tells: numbers and codes most, then names, then long words; what everybody writes least."""
    if any(c.isdigit() for c in word):
        return 2.0 if len(word) > 2 else 0.7
    if word.casefold() in of.light:
        return 0.4
    return (1.5 if word[0].isupper() else 1.0) + min(len(word), 12) / 24
