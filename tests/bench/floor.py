"""The floor of the grounding benchmark: plain BM25 over everything a person may open, which Graph lets nobody have."""

import re
import sqlite3
from collections.abc import Iterable

from tests.bench.corpus import Judged

_WORD = re.compile(r"\w+")


class Floor:
    """One full-text index over all documents; every word of the question counts, none is left out."""

    def __init__(self, documents: Iterable[Judged]) -> None:
        self._documents = list(documents)
        self._index = sqlite3.connect(":memory:")
        self._index.execute(
            "CREATE VIRTUAL TABLE document USING fts5(title, text, tokenize = 'unicode61 remove_diacritics 2')"
        )
        rows = ((row, one.title, one.text) for row, one in enumerate(self._documents))
        self._index.executemany("INSERT INTO document(rowid, title, text) VALUES (?, ?, ?)", rows)

    def ranking(self, question: str, person: str, at: int = 20) -> list[str]:
        """Document ids this person may open, best first."""
        terms = " OR ".join(f'"{word}"' for word in dict.fromkeys(_WORD.findall(question.casefold())))
        if not terms:
            return []
        found: list[str] = []
        rows = self._index.execute(
            "SELECT rowid FROM document WHERE document MATCH ? ORDER BY bm25(document)", (terms,)
        )
        for (row,) in rows:
            if person in self._documents[row].readers:
                found.append(self._documents[row].id)
            if len(found) == at:
                break
        return found

    def close(self) -> None:
        self._index.close()
