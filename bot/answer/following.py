"""What may be asked next: derived from the documents that were read, without a model, so that every one of them can be answered.

Everything here passed the audience check, or it would not have been retrieved. Titles and headings are other people's words that
end up in the mouth of whoever presses the button: only plain ones are used, always in quotation marks, never one with an address,
a mark-up or an invisible character in it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from bot.grounding.evidence import Passage
from bot.texts import Texts
from graph.base import Document

MOST = 3
LONGEST = 80
"""Characters of a suggestion."""
_LONGEST_NAME = 48
_HEADING = re.compile(r"^(?:#{1,4}[ \t]+(?P<marked>\S.*)|\*\*(?P<bold>[^*\n]{3,60})\*\*[ \t]*)$", re.MULTILINE)
_LEAST_BELOW = 60
"""Characters under a heading that make it worth asking about."""
_LEAST_TO_SUMMARISE = 1500
_NOT_PLAIN = frozenset('<>[]{}|*`\\@#"“”„«»‹›?!^~=%$')
_ADDRESS = re.compile(r"(?i)https?:|www\.|\b[\w-]+\.(?:com|net|org|io|de|eu|co|info|biz|ru|cn)\b")
_PREFIX = re.compile(r"(?i)^(?:(?:re|fw|fwd|aw|wg|antwort)\s*:\s*)+")
_TEXTS = frozenset({"word", "pdf", "powerpoint", "text", "web", "transcript"})


def following(passages: Iterable[Passage], positions: Mapping[str, int], answer: str, say: Texts) -> tuple[str, ...]:
    """At most three, best first. `positions`: the number of each cited document by its id; `answer` is what was said."""
    read = list(passages)
    cited = sorted((p for p in _documents(read) if p.id in positions), key=lambda d: positions[d.id])
    others = [document for document in _documents(read) if document.id not in positions]
    shown = {p.text for p in read if p.document.id in positions}
    found: dict[str, None] = {}
    for kind in (
        _headings(cited, shown, answer, say), _others(others, cited, say), _authors(cited, answer, say), _whole(cited, say),
    ):  # fmt: skip
        best = next((said for said in kind if len(said) <= LONGEST and said not in found), None)
        if best is not None:
            found[best] = None
    return tuple(found)[:MOST] if cited else ()


def plain(words: str) -> str:
    """Words that may be put into a question; empty when they may not."""
    flat = _PREFIX.sub("", " ".join(words.split())).strip(" .:;,-_")
    letters = sum(character.isalpha() for character in flat)
    if letters < 3 or len(flat) > _LONGEST_NAME or _ADDRESS.search(flat) or not _NOT_PLAIN.isdisjoint(flat):
        return ""
    # Control, format (bidi, zero-width, tags), surrogate, private and unassigned characters; separators other than a space.
    if any(unicodedata.category(c)[0] == "C" or (unicodedata.category(c)[0] == "Z" and c != " ") for c in flat):
        return ""
    return flat


def _documents(passages: Iterable[Passage]) -> list[Document]:
    return list({passage.document.id: passage.document for passage in passages}.values())


def _headings(cited: list[Document], shown: set[str], answer: str, say: Texts) -> Iterator[str]:
    """Sections of a cited document that the answer does not speak of."""
    for document in cited:
        title, text = plain(document.title), document.text
        marks = list(_HEADING.finditer(text))
        ends = [mark.start() for mark in marks[1:]] + [len(text)]
        for mark, end in zip(marks, ends, strict=False):
            heading = plain(mark["marked"] or mark["bold"])
            below = text[mark.end() : end].strip()
            if not title or not heading or len(below) < _LEAST_BELOW or heading.casefold() in answer.casefold():
                continue
            if heading.casefold() != title.casefold() and not any(heading in passage for passage in shown):
                yield say("follow.heading", title=title, heading=heading)


def _others(others: list[Document], cited: list[Document], say: Texts) -> Iterator[str]:
    used = {plain(document.title).casefold() for document in cited}
    for document in others:
        title = plain(document.title)
        if title and title.casefold() not in used and document.text.strip() and document.kind != "chat":
            yield say("follow.other", title=title)


def _authors(cited: list[Document], answer: str, say: Texts) -> Iterator[str]:
    for document in cited:
        title = plain(document.title)
        if title and document.author and document.author.casefold() not in answer.casefold():
            yield say("follow.sent" if document.kind == "mail" else "follow.wrote", title=title)


def _whole(cited: list[Document], say: Texts) -> Iterator[str]:
    for document in cited:
        title = plain(document.title)
        if title and document.kind in _TEXTS and len(document.text) >= _LEAST_TO_SUMMARISE:
            yield say("follow.whole", title=title)
