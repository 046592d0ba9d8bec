"""Documents cut into passages: what is ranked, numbered and cited is a passage, never a whole document."""

import re
from collections.abc import Sequence

from graph.base import Document

PASSAGE_CHARACTERS = 1200
_PARAGRAPH = re.compile(r"\n\s*\n")
_TABLE_ROW = re.compile(r"^\s*\|")


def split(text: str, size: int = PASSAGE_CHARACTERS) -> list[str]:
    """Cuts at paragraph borders into parts of about `size` characters; joined by blank lines they are the text again.

    A table that must be cut repeats its header in every part, so that its cells keep their meaning.
    """
    parts: list[str] = []
    current = ""
    for block in (b for b in _PARAGRAPH.split(text) if b.strip()):
        for piece in _pieces(block, size):
            if current and len(current) + len(piece) + 2 > size:
                parts.append(current)
                current = piece
            else:
                current = f"{current}\n\n{piece}" if current else piece
    return [*parts, current] if current else parts


def join(parts: Sequence[str]) -> str:
    """Parts that followed each other, as one text: a table that was cut gets its repeated header once."""
    text = parts[0] if parts else ""
    for part in parts[1:]:
        lines, head = part.split("\n"), _header(text)
        again = bool(head) and lines[:2] == head
        text = f"{text}\n{chr(10).join(lines[2:])}" if again else f"{text}\n\n{part}"
    return text


def _header(text: str) -> list[str]:
    """The first two lines of the table a text ends in."""
    rows: list[str] = []
    for line in reversed(text.split("\n")):
        if not _TABLE_ROW.match(line):
            break
        rows.append(line)
    return rows[:-3:-1] if len(rows) > 2 else []


def of(document: Document, size: int = PASSAGE_CHARACTERS) -> list[str]:
    """The passages of a document, or none when it has no text."""
    return split(document.text, size) if document.text.strip() else []


def _pieces(block: str, size: int) -> list[str]:
    if len(block) <= size:
        return [block]
    lines = block.split("\n")
    header = lines[:2] if len(lines) > 2 and all(_TABLE_ROW.match(line) for line in lines[:3]) else []
    pieces: list[str] = []
    current: list[str] = []
    for line in (part for whole in lines for part in _long_line(whole, size)):
        if current and sum(map(len, current)) + len(current) + len(line) > size:
            pieces.append("\n".join(current))
            current = list(header)
        current.append(line)
    return [*pieces, "\n".join(current)] if len(current) > len(header) or not pieces else pieces


def _long_line(line: str, size: int) -> list[str]:
    """A line without a break for pages (minified text, a PDF's one paragraph) is cut at spaces."""
    parts: list[str] = []
    while len(line) > size:
        cut = line.rfind(" ", size // 2, size)
        cut = cut if cut > 0 else size
        parts.append(line[:cut])
        line = line[cut:].lstrip(" ")
    return [*parts, line]
