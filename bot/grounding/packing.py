"""Which passages go to the model: the best ones that fit a budget, spread over documents."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.grounding import passages
from bot.grounding.ranking import bm25, coverage
from graph.base import Document

CHARACTERS_A_TOKEN = 4
_MOST_A_DOCUMENT = 4
_DAYS_TO_HALF = 180.0
_LEAST_COVERAGE = 0.3


@dataclass(frozen=True, slots=True)
class Scored:
    document: Document
    text: str
    score: float
    place: int
    """Position of the passage in its document."""


def rank(words: Sequence[str], documents: Sequence[Document], fused: dict[str, float], now: float) -> list[Scored]:
    """All passages of the documents, best first. `fused` are the search engines' own scores, `now` seconds since 1970.

    A passage counts by its words (BM25, and how many of the words it has at all), by how well its document did in
    search, and a little by how new the document is: of two versions of a fact the newer one comes first.
    """
    cut = [(document, place, text) for document in documents for place, text in enumerate(passages.of(document))]
    lexical = bm25(words, [(document.title, text) for document, _, text in cut])
    best = max(lexical, default=0.0) or 1.0
    top = max(fused.values(), default=0.0) or 1.0
    scored = [
        Scored(
            document,
            text,
            score / best
            + coverage(words, f"{document.title}\n{text}")
            + 0.3 * fused.get(document.id, 0.0) / top
            + 0.25 * _freshness(document, now),
            place,
        )
        for (document, place, text), score in zip(cut, lexical, strict=True)
        if score > 0 and coverage(words, f"{document.title}\n{document.author}\n{text}") >= _LEAST_COVERAGE
    ]
    return sorted(scored, key=lambda item: item.score, reverse=True)


def pack(ranked: Sequence[Scored], tokens: int) -> list[Scored]:
    """The best passages within a token budget, at most four a document, each text once."""
    chosen: list[Scored] = []
    room = tokens * CHARACTERS_A_TOKEN
    counts: dict[str, int] = {}
    seen: set[str] = set()
    for item in ranked:
        folded = " ".join(item.text.split()).casefold()
        if folded in seen or counts.get(item.document.id, 0) >= _MOST_A_DOCUMENT or len(item.text) > room:
            continue
        seen.add(folded)
        counts[item.document.id] = counts.get(item.document.id, 0) + 1
        room -= len(item.text)
        chosen.append(item)
    return chosen


def _freshness(document: Document, now: float) -> float:
    days = max(0.0, (now - document.modified.timestamp()) / 86_400)
    return float(0.5 ** (days / _DAYS_TO_HALF))
