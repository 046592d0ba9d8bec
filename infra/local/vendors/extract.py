"""How the vendors' models of the local tenant find an answer: the sentence of the evidence that shares most with the question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SPLIT = re.compile(r"\n+|(?<=[.!?])\s+(?=[^\W_a-z])")
_WORD = re.compile(r"[^\W_]+")
_SMALL = frozenset(
    [
        "the",
        "and",
        "for",
        "was",
        "were",
        "who",
        "what",
        "when",
        "where",
        "which",
        "how",
        "does",
        "did",
        "are",
        "our",
        "with",
    ]
)


@dataclass(frozen=True)
class Block:
    """A piece of evidence as it was found in a vendor's request."""

    id: str
    title: str
    text: str


def keywords(question: str) -> list[str]:
    words = [word for word in _words(question) if (len(word) > 2 or word.isdigit()) and word not in _SMALL]
    return list(dict.fromkeys(words)) or list(dict.fromkeys(_words(question)))


def best(question: str, blocks: Sequence[Block], most: int = 2) -> list[tuple[str, str]]:
    """(sentence, id of its block), best first; empty when nothing shares enough with the question."""
    wanted = keywords(question)
    scored: list[tuple[float, int, str, str]] = []
    for order, block in enumerate(blocks):
        title, whole = _words(block.title), _words(block.text)
        sentences = _sentences(block.text)
        for sentence, following in zip(sentences, [*sentences[1:], ""], strict=True):
            words = _words(sentence)
            score = sum(
                1.0 if _near(w, words) else 0.5 if _near(w, title) else 0.25 if _near(w, whole) else 0.0 for w in wanted
            )
            if score and any(_near(w, words) for w in wanted):
                bonus = 0.3 if any(c.isdigit() for c in sentence) else 0.0
                scored.append((score + bonus, -order, f"{sentence} {following}".strip(), block.id))
    scored.sort(key=lambda entry: (-entry[0], -entry[1]))
    if not scored or scored[0][0] < 0.34 * len(wanted):
        return []
    kept = [(sentence, id) for score, _, sentence, id in scored if score >= 0.85 * scored[0][0]]
    return list(dict.fromkeys(kept))[:most]


def _sentences(text: str) -> list[str]:
    pieces = (" ".join(piece.split()).strip("|#*- ") for piece in _SPLIT.split(text))
    return [piece[:400] for piece in pieces if len(piece) > 2 and any(c.isalnum() for c in piece)]


def _near(wanted: str, words: Sequence[str]) -> bool:
    stem = wanted[: max(4, len(wanted) * 3 // 4)]
    return any(word == wanted or (len(wanted) > 3 and word.startswith(stem)) for word in words)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
