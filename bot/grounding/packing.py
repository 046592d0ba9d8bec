"""Which passages go to the model: those that answer, the best first, spread over documents, within a budget of tokens."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.grounding import passages
from bot.grounding.asked import Asked
from bot.grounding.folding import distinct, outdated
from bot.grounding.ranking import Folded, bm25, coverage, weights
from graph.base import Document

CHARACTERS_A_TOKEN = 4
MOST_TOKENS = 5000
"""Of evidence for one search: more finds nothing more (docs/performance.md)."""
LEAST_TOKENS = 500
_SHARE = 16
_MOST_A_DOCUMENT = 4
_MOST_DOCUMENTS = 15
_DAYS_TO_HALF = 180.0
_LEAST_COVERAGE = 0.3
_LEAST_NAMES = 0.6
_LEAST_OTHERS = 0.3
_FILES = frozenset(("word", "excel", "powerpoint", "pdf", "text", "web", "image", "other"))
_NUMBER_ASKED = re.compile(
    r"\b(?:how (?:many|much|long|old|often|far|high|big)|wie ?viele?|wie (?:lange|hoch|oft|groß))\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Scored:
    document: Document
    text: str
    score: float
    place: int
    """Position of the passage in its document."""


def rank(of: Asked, documents: Sequence[Document], fused: Mapping[str, float], now: float) -> list[Scored]:
    """The passages that answer, best first; none when the documents do not meet what the question is about.

    `fused` are the search engines' own scores, `now` seconds since 1970. A passage counts by its words, by how well its document
    did in search, by who wrote it and when, and a little by how new it is: of two versions of a fact the newer one comes first.
    """
    by_search = sorted(documents, key=lambda document: (-fused.get(document.id, 0.0), -document.modified.timestamp()))
    kept = distinct(by_search)
    weighed, texts = weights(of), _texts(kept)
    if of.words and not any(_answers(of, weighed, text) for text in texts.values()):
        return []
    about = {document.id: Folded(_about(document)) for document in kept}
    covered = {document.id: _covered(weighed, document, texts) for document in kept}
    nameless = _nameless(of, kept, texts)
    old, top = outdated(kept), max(fused.values(), default=0.0) or 1.0
    cut = [(document, place, text) for document in kept for place, text in enumerate(passages.of(document))]
    lexical = bm25(of.words, [(_about(document), text) for document, _, text in cut])
    best = max(lexical, default=0.0) or 1.0
    scored: list[Scored] = []
    for (document, place, text), score in zip(cut, lexical, strict=True):
        id = document.id
        own = coverage(weighed, Folded(text)) if weighed else 0.0
        around = max(0.0, coverage(weighed, about[id]) - own) if weighed else 0.0
        value = score / best + 1.2 * own + 0.6 * around + 0.4 * covered[id] + 0.3 * fused.get(id, 0.0) / top
        value += 0.25 * _freshness(document, now) + _signals(of, document) - 0.5 * (id in old)
        value -= 0.4 * (id in nameless)
        scored.append(Scored(document, text, value, place))
    return _those_that_count(of, _with_threads(scored), covered)


def meets(of: Asked, item: Scored) -> float:
    """The share of the question's weight that a passage meets with what stands around it; 1 for a question without words."""
    return coverage(weights(of), Folded(f"{_about(item.document)}\n{item.text}")) if of.words else 1.0


def _about(document: Document) -> str:
    return f"{document.title}\n{document.author}\n{document.place}"


def _texts(documents: Sequence[Document]) -> dict[str, Folded]:
    """By document id what it says with all around it, and by thread id what the whole thread says."""
    texts = {document.id: f"{_about(document)}\n{document.text}" for document in documents}
    threads: dict[str, str] = {}
    for document in documents:
        if document.thread:
            threads[document.thread] = f"{threads.get(document.thread, '')}\n{texts[document.id]}"
    return {id: Folded(text) for id, text in {**texts, **threads}.items()}


def _covered(weighed: Mapping[str, float], document: Document, texts: Mapping[str, Folded]) -> float:
    own = coverage(weighed, texts[document.id])
    return max(own, 0.7 * coverage(weighed, texts[document.thread])) if document.thread in texts else own


def _nameless(of: Asked, documents: Sequence[Document], texts: Mapping[str, Folded]) -> frozenset[str]:
    """Ids of documents that say, thread and all, nothing of what the question names: they meet it by words everybody writes."""
    if not of.names:
        return frozenset()
    return frozenset(
        document.id
        for document in documents
        if not any(
            text.has(name)
            for name in of.names
            for text in (texts[document.id], texts.get(document.thread, texts[document.id]))
        )
    )


def _answers(of: Asked, weighed: Mapping[str, float], text: Folded) -> bool:
    """Whether one document, or one thread, meets both what the question names and what it wants to know of it.

    Else there is nothing to answer from: a document about the right person and the wrong matter makes a model guess.
    """

    def met(words: Sequence[str]) -> float:
        total = sum(weighed[word] for word in words)
        return sum(weighed[word] * text.meets(word) for word in words) / total if total else 1.0

    names = [word for word in of.words if word.casefold() in of.names]
    others = [word for word in of.words if word.casefold() not in of.names and word.casefold() not in of.light]
    if coverage(weighed, text) < _LEAST_COVERAGE or met(names) < _LEAST_NAMES:
        return False
    if len(others) == 1 and names and _NUMBER_ASKED.search(of.text):
        return True  # the answer is a figure, whatever the verb
    return met(others) >= _LEAST_OTHERS


def _those_that_count(of: Asked, scored: Sequence[Scored], covered: Mapping[str, float]) -> list[Scored]:
    """Far behind the best is noise; without a word to go by, people and time must fit."""
    found = sorted(scored, key=lambda item: item.score, reverse=True)
    if not found:
        return []
    best = found[0].score
    if of.words:
        return [s for s in found if s.score >= 0.3 * best and (covered[s.document.id] >= 0.2 or s.score >= 0.6 * best)]
    return [s for s in found if _signals(of, s.document) > 0 or not (of.people or of.window)]


def _with_threads(scored: Sequence[Scored]) -> list[Scored]:
    """An answer often repeats no word of what it answers: what stands in the thread of a good match gains by it, and most
    what follows upon a question."""
    best: dict[str, Scored] = {}
    for item in scored:
        if item.document.thread and (item.document.thread not in best or item.score > best[item.document.thread].score):
            best[item.document.thread] = item
    return [
        replace(item, score=item.score + _share(item, best[item.document.thread])) if item.document.thread else item
        for item in scored
    ]


def _share(item: Scored, best: Scored) -> float:
    later = best.document.modified < item.document.modified
    return (0.55 if later and "?" in best.text else 0.3) * max(0.0, best.score - item.score)


def _signals(of: Asked, document: Document) -> float:
    """Who wrote it, when, and whether it is what the question calls it."""
    value = 0.0
    if of.people:
        author = Folded(document.author)
        written = any(all(author.has(part) for part in name.split()) for name in of.people)
        value += (0.9 if of.spoken else 0.3) * written - (0.5 if of.spoken and not written else 0.0)
    if of.window is not None:
        value += 0.9 if of.window.holds(document.modified) else -0.8
    if of.kind:
        called = "mail" if document.kind == "mail" else "file" if document.kind in _FILES else ""
        value += 0.4 if of.kind == called else -0.2
    return value + 0.3 * (bool(of.file_types) and document.title.casefold().endswith(of.file_types))


def tokens_for(max_input: int) -> int:
    """Of evidence, for a model that reads so many at once: a small part, since searches repeat and a conversation goes on."""
    return min(max(max_input // _SHARE, LEAST_TOKENS), MOST_TOKENS)


def pack(ranked: Sequence[Scored], tokens: int) -> list[Scored]:
    """The best passages within a token budget, at most four a document, neighbours joined, each text once."""
    chosen: list[Scored] = []
    room = tokens * CHARACTERS_A_TOKEN
    counts: dict[str, int] = {}
    seen: set[str] = set()
    for item in ranked:
        id, folded = item.document.id, " ".join(item.text.split()).casefold()
        new = id not in counts
        if folded in seen or counts.get(id, 0) >= _MOST_A_DOCUMENT or len(item.text) > room:
            continue
        if new and len(counts) >= _MOST_DOCUMENTS:
            continue
        seen.add(folded)
        counts[id] = counts.get(id, 0) + 1
        room -= len(item.text)
        chosen.append(item)
    return _joined(chosen)


def _joined(chosen: Sequence[Scored]) -> list[Scored]:
    """Passages that follow each other in a document become one, where the better of them stood."""
    by_place = {(item.document.id, item.place): item for item in chosen}
    done: set[tuple[str, int]] = set()
    joined: list[Scored] = []
    for item in chosen:
        id, place = item.document.id, item.place
        if (id, place) in done:
            continue
        first = place
        while (id, first - 1) in by_place and (id, first - 1) not in done:
            first -= 1
        last = place
        while (id, last + 1) in by_place and (id, last + 1) not in done:
            last += 1
        done |= {(id, at) for at in range(first, last + 1)}
        text = passages.join([by_place[id, at].text for at in range(first, last + 1)])
        joined.append(Scored(item.document, text, item.score, first))
    return joined


def _freshness(document: Document, now: float) -> float:
    days = max(0.0, (now - document.modified.timestamp()) / 86_400)
    return float(0.5 ** (days / _DAYS_TO_HALF))
