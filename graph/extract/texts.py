"""Formats that are text already, or nearly: plain text in any charset, HTML, RTF, notebooks."""

import json
from typing import Any

import charset_normalizer
from bs4 import BeautifulSoup, Tag
from striprtf.striprtf import rtf_to_text

from graph import html_text
from graph.extract.budget import Budget
from graph.extract.markup import Pages
from graph.unseen import SUSPECT, Sheet

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
SAMPLE = 256 * 1024
MAX_TREE = 2 * 1024 * 1024


def looks_binary(data: bytes) -> bool:
    """Control bytes that no text holds, unless a byte order mark announces UTF-16."""
    if data.startswith(tuple(mark for mark, _ in _BOMS)):
        return False
    sample = data[:8192]
    odd = sum(byte < 9 or 13 < byte < 27 or byte in {28, 29, 30, 31, 127} for byte in sample)
    return odd > len(sample) // 50


def decode(data: bytes) -> str:
    """By byte order mark, then UTF-8, then the likeliest charset, then Windows-1252."""
    for mark, charset in _BOMS:
        if data.startswith(mark):
            return data.decode(charset, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(data[:SAMPLE]).best()
        return data.decode(best.encoding if best is not None else "cp1252", errors="replace")


def read_html(text: str, budget: Budget) -> str:
    """Markdown with tables and links; plain visible text where a page is too large or too deep for a tree."""
    if len(text) > MAX_TREE or text.count("<") > 60_000:
        return _plain(budget.cut(text), budget)
    try:
        return Pages().convert_string(_shown(text, budget) if SUSPECT.search(text) else text).markdown
    except RecursionError:
        return _plain(text, budget)


def _plain(text: str, budget: Budget) -> str:
    visible, hidden = html_text.read_html(text)
    budget.hidden = budget.hidden or hidden
    return visible


def _shown(text: str, budget: Budget) -> str:
    """The page without the elements that nobody sees."""
    page, sheet = BeautifulSoup(text, "html.parser"), Sheet.of(text)
    for element in page.find_all(True):
        if element.decomposed or element.name in {"script", "style", "head"}:
            continue
        grounds = (sheet.colours(_attributes(one)) for one in (element, *element.parents))
        if sheet.hides(_attributes(element), on_ground=any(grounds)):
            budget.hidden = budget.hidden or any(character.isalnum() for character in element.get_text())
            element.decompose()
    return str(page)


def _attributes(element: Tag) -> dict[str, str]:
    return {name: " ".join(value) if isinstance(value, list) else str(value) for name, value in element.attrs.items()}


def read_rtf(data: bytes, budget: Budget) -> str:
    return str(rtf_to_text(budget.cut(data.decode("latin-1")), errors="replace"))


def read_notebook(text: str) -> str:
    notebook = json.loads(text)
    return "\n\n".join(_cell(cell) for cell in notebook.get("cells", []))


def _cell(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    return text if cell.get("cell_type") == "markdown" else f"```\n{text}\n```"
