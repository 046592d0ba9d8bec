"""Words looked for by ourselves, in the lists that Graph hands out but does not search: calendars, tasks, chats."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from graph.base import Query

_WORD = re.compile(r"[^\W_]+")
_SHORT = 4
"""Letters; longer words also match other endings of themselves: "meeting", "meetings", "Termin", "Termine"."""

Row = TypeVar("Row")


def words_of(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def occurs(phrase: str, words: Sequence[str]) -> bool:
    """Whether a word or phrase stands in a text; the last word of it may have another ending, with `*` any ending."""
    wanted = words_of(phrase)
    if not wanted:
        return False
    if len(wanted) == 1 and phrase.endswith("*"):
        return any(word.startswith(wanted[0]) for word in words)
    length = len(wanted)
    for start in range(len(words) - length + 1):
        if list(words[start : start + length - 1]) == wanted[:-1] and same(wanted[-1], words[start + length - 1]):
            return True
    return False


def same(one: str, other: str) -> bool:
    """Whether two case-folded words are one, endings aside."""
    if one == other:
        return True
    if min(len(one), len(other)) <= _SHORT:
        return False
    kept = max(_SHORT, min(len(one), len(other)) - 2)
    return one[:kept] == other[:kept] and abs(len(one) - len(other)) <= 3


def score(query: Query, text: str, *, ignore: frozenset[str] = frozenset()) -> float:
    """How well a text answers a query's words: 0 when it does not. Words to `ignore` ask for the source itself ("meeting")."""
    words = words_of(text)
    required = [word for word in query.all_of if word.casefold().rstrip("*") not in ignore]
    optional = [word for word in query.any_of if word.casefold().rstrip("*") not in ignore]
    if not required and not optional:
        return 1.0
    if any(not occurs(word, words) for word in required):
        return 0.0
    hits = sum(occurs(word, words) for word in optional)
    if optional and hits < min(query.least, len(optional)):
        return 0.0
    return float(len(required) + hits)


def names_somebody(wanted: Iterable[str], text: str) -> bool:
    """Whether one of the people is in a text of names and addresses; nobody wanted is everybody."""
    people = [person for person in wanted if words_of(person)]
    words = words_of(text)
    return not people or any(_all_parts(person, words) for person in people)


def _all_parts(person: str, words: Sequence[str]) -> bool:
    known = frozenset(words)
    return all(part in known for part in words_of(person))


def best(
    rows: Iterable[Row], query: Query, text: Callable[[Row], str], top: int, *, ignore: frozenset[str] = frozenset()
) -> list[Row]:
    """The rows that answer, best first; the order of equals stays."""
    scored = [(score(query, text(row), ignore=ignore), row) for row in rows]
    found = sorted((entry for entry in scored if entry[0] > 0), key=lambda entry: -entry[0])
    return [row for _, row in found[:top]]


def in_place(place: str, *names: str) -> bool:
    """Whether a place named in a question ("the Ops channel") can be one of these names; no place is every place."""
    wanted = named(place)
    if not wanted:
        return True
    return any(all(any(same(word, known) for known in words_of(name)) for word in wanted) for name in names)


def named(place: str) -> list[str]:
    """The words of a place that name it: "Ops" of "in the Ops channel"."""
    return [word for word in words_of(place) if word not in _PLACE_WORDS]


_PLACE_WORDS = frozenset(
    """
    the a in our my channel channels chat chats group team folder site library list plan notebook meeting
    der die das den dem im in unser unsere mein meine kanal chat gruppe team ordner seite bibliothek liste plan
    """.split()  # noqa: SIM905 -- as a list literal this would be forty lines
)
