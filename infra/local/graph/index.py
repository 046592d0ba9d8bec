"""Text prepared for word search: each document once, again only when its text changed, so 20,000 mails stay fast."""

import re
from collections.abc import Callable

WORD = re.compile(r"[^\W_]+")
TAG = re.compile(r"<[^>]*>")

Prepared = dict[str, str]
"""Field name -> normalised text: folded words with one space around each."""


def fold(word: str) -> str:
    """Lower case and singular, no more: Microsoft's engines stem a little, and none of them knows synonyms."""
    word = word.casefold()
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def words(text: str) -> list[str]:
    return [fold(word) for word in WORD.findall(text)]


def normalise(text: str) -> str:
    return f" {' '.join(words(text))} "


def plain(html: str) -> str:
    return TAG.sub(" ", html)


class TextIndex:
    """Keyed by resource; the sources' identity tells whether the prepared text is still theirs."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[str, ...], Prepared]] = {}

    def fields(self, key: str, sources: tuple[str, ...], prepare: Callable[[], Prepared]) -> Prepared:
        known = self._known.get(key)
        if known is not None and (known[0] is sources or known[0] == sources):
            return known[1]
        prepared = prepare()
        self._known[key] = (sources, prepared)
        return prepared
