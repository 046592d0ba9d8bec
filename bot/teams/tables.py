"""Tables for clients that draw none: plain `markdown` promises them nowhere (format-your-bot-messages)."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

PHONE_COLUMNS = 40
"""Letters of fixed width that a phone shows on one line of a code block."""
_SHORT_ROW = 90
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell twice: as Markdown, and as plain letters where it has no marks (links, citations, emphasis) to lose."""

    shown: str
    letters: str | None


def aligned(rows: Sequence[Sequence[Cell]]) -> str:
    """The table in columns of a fixed width, for a code block; empty when it is too wide or holds more than letters."""
    lines: list[list[str]] = []
    for row in rows:
        letters = [cell.letters for cell in row if cell.letters is not None]
        if len(letters) < len(row) or any(_runs_leftwards(text) for text in letters):
            return ""
        lines.append(letters)
    widths = [max(width(line[n]) for line in lines) for n in range(len(lines[0]))]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > PHONE_COLUMNS or not all(widths):
        return ""
    numbers = [all(_is_number(line[n]) for line in lines[1:]) for n in range(len(widths))]
    drawn = [_line(line, widths, numbers) for line in lines]
    return "\n".join([drawn[0], _GAP.join("-" * size for size in widths), *drawn[1:]])


def listed(rows: Sequence[Sequence[Cell]]) -> str:
    """A list: `key: value` for two columns, one item a short row, one block a long one. Every value keeps its column's name."""
    header, *body = [[cell.shown for cell in row] for row in rows]
    if len(header) == 2:
        named = [" · ".join(name for name in header if name)] if any(header) else []
        items = [
            f"- {_bold(key)}: {value}" if key and value else f"- {key or value}" for key, value in body if key or value
        ]
        return "\n\n".join([*(_bold(name) for name in named), "\n".join(items)]) if items else "".join(named)
    blocks = [_row(header, row) for row in body if any(row)]
    short = all(len(" · ".join(block)) <= _SHORT_ROW for block in blocks)
    if short:
        return "\n".join(f"- {' · '.join(block)}" for block in blocks)
    return "\n\n".join(f"{block[0]}\n\n" + "\n".join(f"- {value}" for value in block[1:]) for block in blocks)


def _row(header: Sequence[str], row: Sequence[str]) -> list[str]:
    values = [f"{name}: {value}" if name else value for name, value in zip(header[1:], row[1:], strict=False) if value]
    return [_bold(row[0]), *values] if row[0] else values


def _bold(text: str) -> str:
    return text if set(text) & set("*_`[]\\") else f"**{text}**"


def _line(cells: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> str:
    padded = []
    for cell, size, number in zip(cells, widths, numbers, strict=True):
        space = " " * (size - width(cell))
        padded.append(space + cell if number else cell + space)
    return _GAP.join(padded).rstrip()


def _is_number(text: str) -> bool:
    return bool(text) and any(letter.isdigit() for letter in text) and not any(letter.isalpha() for letter in text)


def width(text: str) -> int:
    """Columns on a display of fixed width (Unicode Standard Annex 11)."""
    return sum(
        0 if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Me", "Cf"}
        else 2 if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )  # fmt: skip


def _runs_leftwards(text: str) -> bool:
    return any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text)
