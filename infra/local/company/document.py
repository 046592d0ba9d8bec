"""One small document model, so that a text is written once and rendered as whatever the company keeps it in."""

import csv
import re
from dataclasses import dataclass, field
from typing import Literal

_FORMULA = re.compile(r"(=.+?) -> (.+)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(slots=True)
class Block:
    kind: Literal["title", "heading", "paragraph", "bullet", "table", "notes"]
    text: str = ""
    rows: list[list[str]] = field(default_factory=list[list[str]])


@dataclass(slots=True)
class Cell:
    text: str
    """As a reader sees it; of a formula, its value."""
    formula: str = ""

    @property
    def number(self) -> float | None:
        return float(self.text) if _NUMBER.fullmatch(self.text) else None


@dataclass(slots=True)
class Sheet:
    name: str
    rows: list[list[Cell]]


def blocks(text: str) -> list[Block]:
    """`# title`, `## heading`, `- bullet`, `| table | row |`, `notes: speaker notes`; any other line is a paragraph."""
    found: list[Block] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if line.startswith("|"):
            row = [cell.strip() for cell in line.strip("|").split("|")]
            if found and found[-1].kind == "table":
                found[-1].rows.append(row)
            else:
                found.append(Block("table", rows=[row]))
        else:
            found.append(_line(line))
    return found


def _line(line: str) -> Block:
    if line.startswith("# "):
        return Block("title", line[2:])
    if line.startswith("## "):
        return Block("heading", line[3:])
    if line.startswith("- "):
        return Block("bullet", line[2:])
    if line.startswith("notes: "):
        return Block("notes", line.removeprefix("notes: "))
    return Block("paragraph", line)


def plain(parts: list[Block]) -> str:
    """What a full-text index keeps of a document."""
    lines: list[str] = []
    for block in parts:
        lines += ["\t".join(row) for row in block.rows] if block.kind == "table" else [block.text]
    return "\n".join(lines)


def sheets(text: str) -> list[Sheet]:
    """`## sheet name` and under it comma-separated rows; a formula is written with its value: `=B2-B3 -> 4`."""
    found: list[Sheet] = []
    for line in text.splitlines():
        if line.startswith("## "):
            found.append(Sheet(line[3:], []))
        elif line:
            found[-1].rows.append([_cell(cell) for cell in next(csv.reader([line]))])
    return found


def _cell(text: str) -> Cell:
    match = _FORMULA.fullmatch(text)
    return Cell(match[2], match[1]) if match else Cell(text)


def plain_sheets(parts: list[Sheet]) -> str:
    return "\n".join(
        line for sheet in parts for line in (sheet.name, *("\t".join(cell.text for cell in row) for row in sheet.rows))
    )
