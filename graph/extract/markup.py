"""HTML on its way to Markdown: tables whose merged cells keep their meaning in every row, and no words that are mere markup."""

import copy
import re
from typing import Any

from bs4 import BeautifulSoup, Tag
from markitdown import DocumentConverterResult
from markitdown.converters import DocxConverter, HtmlConverter

MAX_REPEATED = 20_000
"""Cells that are added to the tables of one document."""
MAX_SPAN = 200
LONGEST_REPEATED = 200
"""Characters; larger merged cells are layout, and stand once."""
_CONCERNED = re.compile(r"<(?:u|img)\b|\b(?:col|row)span\b", re.IGNORECASE)
_GENERATED = re.compile(r"[\s,.;]*Description automatically generated.*$", re.IGNORECASE | re.DOTALL)
_FILE_NAME = re.compile(r"[\w.-]+\.(?:png|jpe?g|gif|bmp|svg|tiff?|emf|wmf|webp)", re.IGNORECASE)


def alternative(text: str) -> str:
    """What a picture's alternative text says; empty when a program wrote it: a file's name says nothing."""
    said = _GENERATED.sub("", text).strip()
    return "" if _FILE_NAME.fullmatch(said) else said


class Pages(HtmlConverter):
    def convert_string(self, html_content: str, *, url: str | None = None, **kwargs: Any) -> DocumentConverterResult:
        return super().convert_string(prepared(html_content), url=url, **kwargs)


class Letters(DocxConverter):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # -- markitdown leaves it untyped
        self._html_converter = Pages()


def prepared(source: str) -> str:
    """The same page with merged cells repeated in every row and column they cover."""
    if not _CONCERNED.search(source):
        return source
    soup = BeautifulSoup(source, "html.parser")
    for underlined in soup("u"):
        underlined.unwrap()
    for picture in soup("img"):
        picture["alt"] = alternative(str(picture.get("alt") or ""))
    left = MAX_REPEATED
    for table in soup("table"):
        left = _spread(table, left)
    return str(soup)


def _spread(table: Tag, left: int) -> int:
    """Returns how many more cells may be added."""
    above: dict[int, tuple[int, Tag]] = {}
    for row in [row for row in table("tr") if row.find_parent("table") is table]:
        cells = row.find_all(["td", "th"], recursive=False)
        if left <= 0:
            return 0
        column, below, opens = 0, dict[int, tuple[int, Tag]](), bool(cells)
        for cell in [*cells, None]:
            while column in above:
                rest, merged = above.pop(column)
                if rest > 1:
                    below[column] = (rest - 1, merged)
                if left > 0:
                    _ = row.append(_again(merged)) if cell is None else cell.insert_before(_again(merged))
                    left -= 1
                column += 1
            if cell is None:
                break
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            opens = opens and down > 1
            for offset in range(min(across, MAX_SPAN - column)):
                if offset and left > 0:
                    cell.insert_after(_again(cell))
                    left -= 1
                if down > 1:
                    below[column + offset] = (down - 1, cell)
            column += across
        above = below
        if opens and row.find_next_sibling("tr") is not None:
            row.extract()  # it only begins cells that are repeated below
    return left


def _span(cell: Tag, name: str) -> int:
    """The attribute's value, which is taken off."""
    value = str(cell.attrs.pop(name, "1")).strip()
    return max(1, min(int(value), MAX_SPAN)) if value.isascii() and value.isdecimal() and len(value) < 6 else 1


def _again(cell: Tag) -> Tag:
    again = copy.copy(cell)
    if cell.find(["table", "img"]) is not None or len(cell.get_text()) > LONGEST_REPEATED:
        again.clear()
    return again
