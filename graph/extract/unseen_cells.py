"""Cells of a sheet whose look hides what they hold: white on nothing, or a number format that shows nothing."""

import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from graph.extract.budget import Budget

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STYLES = "xl/styles.xml"
_NOTHING = ";;;"
_WHITE = frozenset({"FFFFFFFF", "00FFFFFF", "FFFFFF"})


def unseen_cells(archive: zipfile.ZipFile) -> frozenset[int]:
    """Numbers of the cell styles (`cellXfs`) that hide what is in them."""
    try:
        tree = etree.fromstring(archive.read(_STYLES), etree.XMLParser(resolve_entities=False, no_network=True))
    except (KeyError, etree.XMLSyntaxError):
        return frozenset()
    fonts = {number for number, font in enumerate(tree.iterfind(f"{_MAIN}fonts/{_MAIN}font")) if _white(font)}
    bare = {number for number, fill in enumerate(tree.iterfind(f"{_MAIN}fills/{_MAIN}fill")) if not _coloured(fill)}
    formats = {
        format.get("numFmtId")
        for format in tree.iterfind(f"{_MAIN}numFmts/{_MAIN}numFmt")
        if format.get("formatCode") == _NOTHING
    }
    return frozenset(
        number
        for number, look in enumerate(tree.iterfind(f"{_MAIN}cellXfs/{_MAIN}xf"))
        if look.get("numFmtId") in formats or (_number(look, "fontId") in fonts and _number(look, "fillId") in bare)
    )


def seen(rows: Iterable[Iterable[Any]], unseen: frozenset[int], budget: Budget) -> Iterator[list[object]]:
    """Values of cells, those that nobody sees left empty."""
    for row in rows:
        values: list[object] = []
        for cell in row:
            hides = getattr(cell, "_style_id", 0) in unseen and cell.value is not None
            budget.hidden = budget.hidden or (hides and any(letter.isalpha() for letter in str(cell.value)))
            values.append(None if hides else cell.value)
        yield values


def _white(font: Any) -> bool:
    colour = font.find(f"{_MAIN}color")
    return colour is not None and (
        str(colour.get("rgb")).upper() in _WHITE or (colour.get("theme") == "0" and not colour.get("tint"))
    )


def _coloured(fill: Any) -> bool:
    """A solid white ground hides white words as well as none does."""
    pattern = fill.find(f"{_MAIN}patternFill")
    if pattern is None or pattern.get("patternType") in {None, "none"}:
        return pattern is None
    ground = pattern.find(f"{_MAIN}fgColor")
    return ground is None or str(ground.get("rgb")).upper() not in _WHITE


def _number(look: Any, name: str) -> int:
    return int(look.get(name) or 0)
