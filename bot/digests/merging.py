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
_SAME_DEED = 0.75
_FAMILY = {
    "event": "meeting", "conflict": "meeting", "promise": "deed", "request": "deed", "deadline": "deed",
    "waiting": "talk", "mention": "talk", "question": "talk", "document": "talk",
}  # fmt: skip
_RANK = ("conflict", "event", "deadline", "promise", "waiting", "question", "request", "mention", "document")
"""Which of two kinds tells more about the same news."""


def merged(items: Iterable[Item]) -> list[Item]:
    """In the order they came; each keeps the kind that tells most."""
    told = list(items)
    # What became one may be the same as something that neither half was.
    while len(less := _once(told)) < len(told):
        told = less
    return told


def _once(items: Iterable[Item]) -> list[Item]:
    kept: list[Item] = []
    for item in items:
        for place, other in enumerate(kept):
            if _same(item, other):
                first, second = sorted((other, item), key=lambda one: _RANK.index(one.kind))
                kept[place] = first.along(second)
                break
        else:
            kept.append(item)
    return kept


def _same(one: Item, other: Item) -> bool:
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
        return len(days) < 2 and _shared(_words(one.title), _words(other.title)) >= _SAME_DEED
    # Meetings are told one by one.
    return families[0] == "talk" and ((bool(one.thread) and one.thread == other.thread) or _alike(one.text, other.text))


def _documents(item: Item) -> set[str]:
    return {link.document for link in item.links}


def _alike(one: str, other: str) -> bool:
    first, second = _words(one), _words(other)
    if min(len(first), len(second)) < _SAYS_ENOUGH:
        return False
    return _shared(_triples(first), _triples(second)) >= _ALIKE


def _words(text: str) -> list[str]:
    return _WORD.findall(_PREFIX.sub("", text.strip()).casefold())


def _triples(words: list[str]) -> list[str]:
    return [" ".join(words[start : start + 3]) for start in range(len(words) - 2)]


def _shared(one: list[str], other: list[str]) -> float:
    first, second = set(one), set(other)
    return len(first & second) / min(len(first), len(second)) if first and second else 0.0
