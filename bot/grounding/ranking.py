"""Which passages answer: BM25 by SQLite's full-text engine over what was found, and how much of the question each one meets."""

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from bot.grounding.asked import Asked, weight
from bot.grounding.queries import stem
from bot.grounding.words import SAME_WORDS

_WORD = re.compile(r"\w+")
_SHORTEST_PREFIX = 5
_OTHER_WORD = 0.8
"""What another word for the same is worth."""


def bm25(words: Sequence[str], texts: Sequence[tuple[str, str]]) -> list[float]:
    """Scores (title, text) pairs against words; higher is better, 0 for no match. A title counts twice.

    Words of five letters and more also match other endings of themselves ("budget" finds "budgets"); a code of several parts
    ("TW-210") matches as a whole. https://sqlite.org/fts5.html#the_bm25_function
    """
    terms = list(dict.fromkeys(filter(None, (_term(word) for word in words))))
    scores = [0.0] * len(texts)
    if not terms or not texts:
        return scores
    index = sqlite3.connect(":memory:")
    try:
        index.execute(
            "CREATE VIRTUAL TABLE passage USING fts5(title, text, tokenize = 'unicode61 remove_diacritics 2')"
        )
        index.executemany(
            "INSERT INTO passage(rowid, title, text) VALUES (?, ?, ?)", ((i, *t) for i, t in enumerate(texts))
        )
        for row, score in index.execute(
            "SELECT rowid, bm25(passage, 2.0, 1.0) FROM passage WHERE passage MATCH ?", (" OR ".join(terms),)
        ):
            scores[row] = -score
    finally:
        index.close()
    return scores


def _term(word: str) -> str:
    tokens = _WORD.findall(word.casefold())
    if len(tokens) != 1:
        return f'"{" ".join(tokens)}"' if tokens else ""
    beginning = stem(tokens[0])
    return f'"{beginning.removesuffix("*")}"*' if beginning.endswith("*") else f'"{tokens[0]}"'


class Folded:
    """A text as words are looked for in it."""

    __slots__ = ("text", "tokens")

    def __init__(self, text: str) -> None:
        self.text = text.casefold()
        self.tokens = frozenset(_WORD.findall(self.text))

    def has(self, word: str) -> bool:
        """Endings may differ, and long words may stand inside compounds; codes and short words stand alone."""
        folded = word.casefold()
        if folded in self.tokens:
            return True
        if not folded.isalpha():
            return re.search(rf"(?<!\w){re.escape(folded)}(?!\w)", self.text) is not None
        if folded == folded.upper():
            return folded in self.text  # a script without spaces between words
        if len(folded) < _SHORTEST_PREFIX:
            return f"{folded}s" in self.tokens or folded.removesuffix("s") in self.tokens
        return stem(folded).removesuffix("*") in self.text

    def meets(self, word: str) -> float:
        """1 for the word itself, less for another word of the same meaning, 0 for neither."""
        if self.has(word):
            return 1.0
        return _OTHER_WORD if any(self.has(other) for other in SAME_WORDS.get(word.casefold(), ())) else 0.0


def weights(of: Asked) -> dict[str, float]:
    return {word: weight(word, of) for word in of.words}


def coverage(weighed: Mapping[str, float], text: Folded) -> float:
    """The share of the question's weight that a text meets, 0 to 1: what BM25's sum hides."""
    total = sum(weighed.values())
    return sum(worth * text.meets(word) for word, worth in weighed.items()) / total if total else 0.0


def fuse(rankings: Iterable[Sequence[str]], constant: int = 60) -> dict[str, float]:
    """Reciprocal rank fusion: several rankings of ids into one score an id."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, id in enumerate(ranking):
            scores[id] = scores.get(id, 0.0) + 1.0 / (constant + rank + 1)
    return scores
