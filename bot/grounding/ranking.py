"""Lexical ranking of passages by BM25: SQLite's full-text engine, in memory, one index a question."""

import re
import sqlite3
from collections.abc import Sequence

_WORD = re.compile(r"\w+")
_SHORTEST_PREFIX = 5


def bm25(words: Sequence[str], texts: Sequence[tuple[str, str]]) -> list[float]:
    """Scores (title, text) pairs against words; higher is better, 0 for no match. A title counts twice.

    Words of five letters and more also match longer forms of themselves ("budget" finds "budgets").
    https://sqlite.org/fts5.html#the_bm25_function
    """
    terms = list(dict.fromkeys(token.casefold() for word in words for token in _WORD.findall(word)))
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
        match = " OR ".join(f'"{term}"{"*" if len(term) >= _SHORTEST_PREFIX else ""}' for term in terms)
        for row, score in index.execute(
            "SELECT rowid, bm25(passage, 2.0, 1.0) FROM passage WHERE passage MATCH ?", (match,)
        ):
            scores[row] = -score
    finally:
        index.close()
    return scores


def coverage(words: Sequence[str], text: str) -> float:
    """The share of words that occur in a text at all, 0 to 1: what BM25's sum hides."""
    folded = text.casefold()
    terms = list(dict.fromkeys(word.casefold() for word in words))
    return sum(_stem(term) in folded for term in terms) / len(terms) if terms else 0.0


def fuse(rankings: Sequence[Sequence[str]], constant: int = 60) -> dict[str, float]:
    """Reciprocal rank fusion: several rankings of ids into one score an id."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, id in enumerate(ranking):
            scores[id] = scores.get(id, 0.0) + 1.0 / (constant + rank + 1)
    return scores


def _stem(term: str) -> str:
    return term[:-1] if len(term) > _SHORTEST_PREFIX and term.endswith("s") else term
