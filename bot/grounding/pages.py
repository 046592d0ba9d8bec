"""Where in a document something stands: page, slide or heading, for whoever wants to look it up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.grounding.passages import split
from graph.base import Document

BREAK = "\f"
"""Stands between two pages or slides in the text of a document that has them."""
_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<marked>\S.*)$|^\*\*(?P<bold>[^*\n]{3,80})\*\*[ \t]*$", re.MULTILINE)
_LONGEST_HEADING = 60


@dataclass(frozen=True, slots=True)
class Section:
    """Some pages or paragraphs in reading order. `text` has no page breaks, `marked` has a line before each page."""

    text: str
    marked: str
    where: str
    """For the model and the reader: `pages 3–7`, `slide 2`, `from "Risks" on`; empty when there is nothing to say."""
    first: int = 0
    """Number of its first page; 0 without pages."""
    last: int = 0


def where(document: Document, passage: str) -> str:
    """The page or pages of a passage of this document, as `page 3` or `slides 3–4`; empty where there are none."""
    text = document.text
    if BREAK not in text:
        return ""
    longest = max(passage.split("\n"), key=len)
    at = text.find(longest)
    if at < 0 or not longest.strip():
        return ""
    start = max(at - passage.index(longest), 0)
    first = text.count(BREAK, 0, start) + 1
    return _pages(document, first, first + text.count(BREAK, start, start + len(passage)))


def sections(document: Document, size: int) -> list[Section]:
    """The whole document in parts of about `size` characters; whole pages where it has pages that fit."""
    found = list(_of_pages(document, size) if BREAK in document.text else _of_headings(document, size))
    return [section for section in found if section.text.strip()]


def _of_pages(document: Document, size: int) -> Iterator[Section]:
    noun = _noun(document)
    waiting: list[tuple[int, str]] = []

    def together() -> Section:
        marked = "\n\n".join(f"[{noun} {number}]\n{text}" for number, text in waiting)
        first, last = waiting[0][0], waiting[-1][0]
        return Section("\n\n".join(text for _, text in waiting), marked, _pages(document, first, last), first, last)

    for number, page in enumerate(document.text.split(BREAK), 1):
        for piece in split(page, size):
            if waiting and sum(len(text) for _, text in waiting) + len(piece) > size:
                yield together()
                waiting = []
            waiting.append((number, piece.strip("\n")))
    if waiting:
        yield together()


def _of_headings(document: Document, size: int) -> Iterator[Section]:
    heading = ""
    for part in split(document.text, size):
        inside = [" ".join((mark["marked"] or mark["bold"]).split()) for mark in _HEADING.finditer(part)]
        opening = inside[0] if inside and _HEADING.match(part.lstrip()) else heading or (inside[0] if inside else "")
        yield Section(part, part, f'from "{opening[:_LONGEST_HEADING]}" on' if opening else "")
        heading = inside[-1] if inside else heading


def _pages(document: Document, first: int, last: int) -> str:
    noun = _noun(document)
    return f"{noun} {first}" if first == last else f"{noun}s {first}–{last}"


def _noun(document: Document) -> str:
    return "slide" if document.kind == "powerpoint" else "page"
