"""An answer cut into its statements, so that each can be judged by itself; and what two texts can be compared by without a model."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

MOST = 120
"""Statements that are told apart; an answer with more of them is cut line by line."""
_MARK = re.compile(r"[ \t]*(?:(?:[-*+>]|\d{1,3}[.)]|#{1,6})[ \t]+)*")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)[\w+-]{0,20}\s*")
_END = re.compile(
    r"(?<![.!?…])[.!?…]+[\"'»”’)*_]{0,4}(?:[ \t]*\[\s*S\d[^\]\n]{0,60}\])*[ \t]+(?=[\"'„“«»(*_]{0,3}[^\W_a-zäöüß])"
)
"""Of a sentence, with the markers that stand behind it."""
_SHORT = frozenset(
    {
        "dr",
        "mr",
        "mrs",
        "ms",
        "nr",
        "no",
        "prof",
        "st",
        "abs",
        "art",
        "bzw",
        "ca",
        "vs",
        "inc",
        "co",
        "fig",
        "vol",
        "evtl",
    }
)
_MARKERS = re.compile(r"(?<![ \t])[ \t]*\[\s*S\d[^\]\n]{0,60}\]")
_ID = re.compile(r"S\d+")
_NUMBER = re.compile(r"\d+(?:[.,:'’\u00a0\u202f]\d+| \d{3}(?!\d))*")
_LETTER = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    line: int
    number: int = 0
    """Of the statement, from 1; 0 for what states nothing: the mark of a list, a blank line."""


def pieces(text: str) -> tuple[Piece, ...]:
    """Joined, their texts are the text."""
    found = _cut(text, sentences=True)
    return found if count(found) <= MOST else _cut(text, sentences=False)


def count(found: Iterable[Piece]) -> int:
    return max((piece.number for piece in found), default=0)


def bare(text: str) -> str:
    """On one line, without markers."""
    return " ".join(unmarked(text).split())


def unmarked(text: str, *, but: Collection[str] = ()) -> str:
    """Without markers, `but` for those that name only these ids."""

    def kept(found: re.Match[str]) -> str:
        return found[0] if but and set(_ID.findall(found[0])) <= set(but) else ""

    return _MARKERS.sub(kept, text)


def marked(text: str) -> bool:
    """Whether it refers to evidence."""
    return _MARKERS.search(text) is not None


def numbers(text: str) -> frozenset[str]:
    """As digits only: 485,000 and 485.000 are one."""
    return frozenset("".join(filter(str.isdigit, found)) for found in _NUMBER.findall(_MARKERS.sub("", text)))


def folded(text: str) -> str:
    """Letters and digits only: what remains of a quotation however its marks and spaces were set."""
    return "".join(_LETTER.findall(text.casefold()))


def _cut(text: str, *, sentences: bool) -> tuple[Piece, ...]:
    found: list[Piece] = []
    number, code = 0, False
    for line, whole in enumerate(text.splitlines(keepends=True)):
        fence = _FENCE.fullmatch(whole) is not None
        code ^= fence
        mark, said, end = ("", "", whole) if fence else _parts(whole, code=code)
        found += [Piece(mark, line)] if mark else []
        for part in _sentences(said) if sentences and not code else [said]:
            states = _LETTER.search(part) is not None
            number += states
            found += [Piece(part, line, number if states else 0)] if part else []
        found += [Piece(end, line)] if end else []
    return tuple(found)


def _parts(line: str, *, code: bool) -> tuple[str, str, str]:
    """(the mark of a list, heading or quotation; what is said; the space at the end)"""
    match = _MARK.match(line)
    mark = match[0] if match is not None and not code else ""
    said = line[len(mark) :].rstrip()
    return mark, said, line[len(mark) + len(said) :]


def _sentences(said: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for end in _END.finditer(said):
        before = said[start : end.start()].rpartition(" ")[2].strip("(\"'„“*_")
        if before.casefold() in _SHORT or len(before) == 1 or (before.isdigit() and len(before) <= 2):
            continue  # an abbreviation, an initial, a day of the month
        parts.append(said[start : end.end()])
        start = end.end()
    return [*parts, said[start:]] if said[start:] else parts
