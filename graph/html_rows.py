"""Rows of tables in mails: cells side by side on one line, as their reader sees them.

Mail is laid out with tables too, so only rows that look like data become lines: several cells, all short, no table inside.
"""

from dataclasses import dataclass, field

LONGEST_CELL = 200
"""Characters. Longer cells are columns of a layout, which read better one below the other."""
MOST_OPEN = 200


@dataclass(slots=True)
class _Row:
    table: int
    cells: list[int] = field(default_factory=list[int])
    """Where each cell begins among the parts."""
    inner: bool = False
    """Another row stands in it."""


class Rows:
    """Told of each tag of a table while `parts` grow; rewrites the parts of a row when it ends. Lenient: ends may be missing."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts
        self._open: list[_Row] = []
        self._tables = 0

    def starts(self, tag: str) -> None:
        if tag == "table":
            self._tables += 1
        elif tag == "tr":
            self._close(self._tables)
            if self._open:
                self._open[-1].inner = True
            if len(self._open) < MOST_OPEN:
                self._open.append(_Row(self._tables))
        elif tag in {"td", "th"} and self._open and self._open[-1].table == self._tables:
            self._open[-1].cells.append(len(self._parts))

    def ends(self, tag: str) -> None:
        if tag in {"tr", "tbody", "thead", "tfoot"}:
            self._close(self._tables)
        elif tag == "table":
            self._close(self._tables)
            self._tables = max(0, self._tables - 1)

    def _close(self, table: int) -> None:
        while self._open and self._open[-1].table >= table:
            row = self._open.pop()
            if len(row.cells) > 1 and not row.inner:
                self._write(row.cells)

    def _write(self, starts: list[int]) -> None:
        ends = [*starts[1:], len(self._parts)]
        cells = [" ".join("".join(self._parts[start:end]).split()) for start, end in zip(starts, ends, strict=True)]
        while cells and not cells[-1]:
            cells.pop()
        if len([cell for cell in cells if cell]) < 2 or max(map(len, cells)) > LONGEST_CELL:
            return
        self._parts[starts[0] :] = ["\n", " | ".join(cells), "\n"]
