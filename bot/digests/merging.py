"""The same news from three places is one item with three links."""

import re
from collections.abc import Iterable

from bot.digests.item import Item

_WORD = re.compile(r"\w{3,}")
_PREFIX = re.compile(r"^(?:(?:re|fw|fwd|aw|wg)\s*:\s*)+", re.IGNORECASE)
_ALIKE = 0.6
"""Share of the smaller text's word triples that both have: forwarded and copied text has nearly all, related text few."""
_SAYS_ENOUGH = 8
"""Words a text must have to be compared at all: "Thanks!" is no news twice."""
_COMPARED = 4_000
"""Characters of a text that are compared: news is the same, or not, from its beginning."""
_SAME_DEED = 0.75
_FAMILY = {
    "event": "meeting", "conflict": "meeting", "promise": "deed", "request": "deed", "deadline": "deed",
    "waiting": "talk", "mention": "talk", "question": "talk", "document": "talk",
}  # fmt: skip
_RANK = ("conflict", "event", "deadline", "promise", "waiting", "question", "request", "mention", "document")
"""Which of two kinds tells more about the same news."""


def merged(items: Iterable[Item]) -> list[Item]:
    """In the order they came; each keeps the kind that tells most."""
    told, texts = list(items), _Texts()
    # What became one may be the same as something that neither half was.
    while len(less := _once(told, texts)) < len(told):
        told = less
    return told


class _Texts:
    """Every text is taken apart once, however many others it is compared with."""

    def __init__(self) -> None:
        self._words: dict[str, frozenset[str]] = {}
        self._triples: dict[str, frozenset[str]] = {}

    def words(self, text: str) -> frozenset[str]:
        if text not in self._words:
            self._words[text] = frozenset(_words(text))
        return self._words[text]

    def triples(self, text: str) -> frozenset[str]:
        """None of a text that says too little to be compared."""
        if text not in self._triples:
            words = _words(text)
            some = range(len(words) - 2) if len(words) >= _SAYS_ENOUGH else ()
            self._triples[text] = frozenset(" ".join(words[start : start + 3]) for start in some)
        return self._triples[text]


def _once(items: Iterable[Item], texts: _Texts) -> list[Item]:
    kept: list[Item] = []
    for item in items:
        for place, other in enumerate(kept):
            if _same(item, other, texts):
                first, second = sorted((other, item), key=lambda one: _RANK.index(one.kind))
                kept[place] = first.along(second)
                break
        else:
            kept.append(item)
    return kept


def _same(one: Item, other: Item, texts: _Texts) -> bool:
    if one.id == other.id:
        return True
    families = _FAMILY[one.kind], _FAMILY[other.kind]
    if families[0] != families[1]:
        # A message that waits for an answer, and what it asks for, are one thing to do. A promise in it is another, unless the
        # message matters only because it holds the promise.
        kinds = {one.kind, other.kind}
        told = any(item.kind == "mention" and not item.section for item in (one, other))
        both = "talk" in families and ("request" in kinds or told)
        return both and "deed" in families and not _documents(one).isdisjoint(_documents(other))
    if families[0] == "deed":
        days = {day for day in (one.due, other.due) if day}
        return len(days) < 2 and _shared(texts.words(one.title), texts.words(other.title)) >= _SAME_DEED
    # Meetings are told one by one.
    if families[0] != "talk":
        return False
    in_one = bool(one.thread) and one.thread == other.thread
    return in_one or _shared(texts.triples(one.text), texts.triples(other.text)) >= _ALIKE


def _documents(item: Item) -> set[str]:
    return {link.document for link in item.links}


def _words(text: str) -> list[str]:
    return _WORD.findall(_PREFIX.sub("", text[:_COMPARED].strip()).casefold())


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0
