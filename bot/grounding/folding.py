"""One text once: copies of a document are folded into one, and of a document's versions the newest counts."""

import re
from collections.abc import Sequence

from graph.base import Document

_WORD = re.compile(r"\w+")
_VERSION = re.compile(
    r"\b(?:v|ver|version|rev|revision|draft|entwurf|final|old|alt|copy|kopie|neu|new)\b\.?|\(\w*\)|\d+", re.IGNORECASE
)
_OUTDATED = re.compile(
    r"\b(?:superseded|replaced by|obsolete|outdated|no longer valid|\(old\)|\(replaced\)|überholt|veraltet|ersetzt durch|ungültig)",
    re.IGNORECASE,
)
_LOOKED_AT = 600
"""Characters at the beginning in which a document says that it is outdated."""
_SHINGLE = 5
_ALIKE = 0.85
_MOST_SHINGLES = 4000


def distinct(documents: Sequence[Document]) -> list[Document]:
    """Without near-copies: of several the first stays, so pass the preferred ones first. A mail and its thread are no copies."""
    kept: list[tuple[Document, frozenset[int]]] = []
    for document in documents:
        marks = _marks(document.text)
        if any(document.id == other.id or _alike(marks, theirs) for other, theirs in kept):
            continue
        kept.append((document, marks))
    return [document for document, _ in kept]


def outdated(documents: Sequence[Document]) -> frozenset[str]:
    """Ids of documents that say they were replaced, and of files of which a newer version of the same name is there."""
    newest: dict[str, Document] = {}
    for document in documents:
        family = _family(document)
        if family and (family not in newest or document.modified > newest[family].modified):
            newest[family] = document
    older = {d.id for d in documents if _family(d) and newest[_family(d)].id != d.id}
    said = {d.id for d in documents if _OUTDATED.search(f"{d.title}\n{d.text[:_LOOKED_AT]}")}
    return frozenset(older | said)


def _family(document: Document) -> str:
    """A file's name without what tells versions apart; empty for what has no versions."""
    name, dot, ending = document.title.rpartition(".")
    if not dot or document.kind in {"mail", "event", "chat", "person", "task", "transcript"}:
        return ""
    bare = " ".join(_WORD.findall(_VERSION.sub(" ", name.replace("_", " ").casefold())))
    return (
        f"{bare}.{ending.casefold()}"
        if len(bare) >= 4 and _VERSION.search(name.replace("_", " "))
        else f"={document.title.casefold()}"
    )


def _marks(text: str) -> frozenset[int]:
    words = _WORD.findall(text.casefold())[:_MOST_SHINGLES]
    if len(words) < _SHINGLE:
        return frozenset([hash(" ".join(words))]) if words else frozenset()
    return frozenset(hash(tuple(words[at : at + _SHINGLE])) for at in range(len(words) - _SHINGLE + 1))


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    if not one or not other or min(len(one), len(other)) < _ALIKE * max(len(one), len(other)):
        return False
    return len(one & other) >= _ALIKE * len(one | other)
