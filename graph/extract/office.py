"""Word, Excel, PowerPoint, OpenDocument and EPUB. markitdown reads what it reads well; sheets are read row by row within the budget."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time

import openpyxl
import xlrd
from markitdown import StreamInfo
from markitdown.converters import EpubConverter

from graph.extract import unseen_slides
from graph.extract.budget import Budget
from graph.extract.equations import with_latex
from graph.extract.guards import Survey, words
from graph.extract.markup import Letters
from graph.extract.slides import read_slides
from graph.extract.unseen_cells import seen, unseen_cells
from graph.extract.unseen_office import without_unseen

MAX_CELLS = 400_000
MAX_COLUMNS = 200
TREE_UP_TO = 120_000
"""XML elements; above that mammoth needs more than the time there is, and plain words are read instead."""
_WORD_TEXT, _WORD_BREAKS = frozenset({"t", "v"}), frozenset({"p", "br", "tr", "v"})
_FRACTION = re.compile(r"-?\d+\.\d{13,}")
_COUNTS_PAGES = re.compile(r"(?=.{1,60}$)(?:.*\b(?:page|seite|blatt|pg\.)\s*\d.*|\W*\d+\W*)", re.IGNORECASE)
"""A short line of a header or footer with a page's number in it."""
_BESIDE = (
    "word/header",
    "word/footer",
    "word/comments.xml",
    "word/footnotes.xml",
    "word/endnotes.xml",
    "word/charts/chart",
)


def read_docx(data: bytes, found: Survey, budget: Budget) -> str:
    """The body, then what stands beside it: headers, footers, notes, comments and text boxes; nothing that no reader sees."""
    visible, hidden = without_unseen(data) if found.elements <= TREE_UP_TO else (data, False)
    if hidden:
        budget.hidden, data, found = True, visible, replace(found, archive=zipfile.ZipFile(io.BytesIO(visible)))
    main = next(name for name in sorted(found.names) if name.startswith("word/document") and name.endswith(".xml"))
    if found.elements > TREE_UP_TO:
        return words(found.archive, main, text=_WORD_TEXT, breaks=_WORD_BREAKS)
    try:
        text = Letters().convert(io.BytesIO(with_latex(data, found, main)), StreamInfo(extension=".docx")).markdown
    except Exception:  # noqa: BLE001 -- mammoth raises anything at all; the plain words are there already
        text = ""
    without = frozenset({"oMath"}) if text else frozenset[str]()
    plain = words(found.archive, main, text=_WORD_TEXT, breaks=_WORD_BREAKS, without=without)
    beside = [
        _plain(found.archive, name, text=_WORD_TEXT, breaks=_WORD_BREAKS)
        for name in sorted(found.names)
        if name.startswith(_BESIDE) and name.endswith(".xml")
    ]
    return "\n\n".join([text, *_missing("\n".join([plain, *beside]), text)])


def _plain(archive: zipfile.ZipFile, name: str, *, text: frozenset[str], breaks: frozenset[str]) -> str:
    """One part beside the body: numbers of charts without the noise of binary fractions, no line that counts pages."""
    lines = words(archive, name, text=text, breaks=breaks).split("\n")
    if name.startswith("word/charts"):
        return "\n".join(f"{float(line):.12g}" if _FRACTION.fullmatch(line) else line for line in lines)
    paged = name.startswith(("word/header", "word/footer"))
    return "\n".join(line for line in lines if not (paged and _COUNTS_PAGES.fullmatch(" ".join(line.split()))))


def _missing(plain: str, text: str) -> Iterator[str]:
    """Lines of `plain` with words that `text` does not have, each once; all of them when there is no `text`."""
    known = set(_tokens(text))
    said: set[str] = set()
    for line in plain.split("\n"):
        line = " ".join(line.split())
        if line and line not in said and any(token not in known for token in _tokens(line)):
            said.add(line)
            yield line


def _tokens(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text.casefold()).split()


def read_pptx(data: bytes, _found: Survey, budget: Budget) -> str:
    visible, budget.hidden = unseen_slides.without_unseen(data)
    return read_slides(visible)


def read_epub(data: bytes, _budget: Budget) -> str:
    return EpubConverter().convert(io.BytesIO(data), StreamInfo(extension=".epub")).markdown


def read_odf(found: Survey) -> tuple[str, str]:
    mime = found.archive.read("mimetype").decode(errors="replace") if "mimetype" in found.names else ""
    kind = "excel" if "spreadsheet" in mime else "powerpoint" if "presentation" in mime else "word"
    text = words(
        found.archive,
        "content.xml",
        text=frozenset({"p", "h"}),
        breaks=frozenset({"p", "h", "table-row"}) if kind != "excel" else frozenset({"table-row"}),
    )
    return kind, text


def read_xlsx(data: bytes, found: Survey, budget: Budget) -> str:
    """Sheets and columns as they are; sheets that are hidden come last and say so."""
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    unseen = unseen_cells(found.archive)
    sheets: list[str] = []
    for sheet in sorted(book.worksheets, key=lambda sheet: sheet.sheet_state != "visible"):
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=not unseen, max_col=MAX_COLUMNS)
        hidden = sheet.sheet_state != "visible"
        title = f"{sheet.title} (hidden sheet)" if hidden else sheet.title
        sheets.append(_table(title, seen(rows, unseen, budget) if unseen else rows, budget))
        budget.hidden = budget.hidden or (sheet.sheet_state == "veryHidden" and bool(sheets[-1]))
    return "\n\n".join(sheet for sheet in sheets if sheet)


def read_xls(data: bytes, budget: Budget) -> str:
    book = xlrd.open_workbook(file_contents=data, on_demand=True, logfile=io.StringIO())
    sheets: list[str] = []
    for sheet in book.sheets():
        rows = (
            [_old_value(cell, book.datemode) for cell in sheet.row(row)[:MAX_COLUMNS]] for row in range(sheet.nrows)
        )
        sheets.append(_table(sheet.name, rows, budget))
    return "\n\n".join(sheet for sheet in sheets if sheet)


def _old_value(cell: xlrd.sheet.Cell, datemode: int) -> object:
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            moment: datetime = xlrd.xldate_as_datetime(cell.value, datemode)
        except (xlrd.XLDateError, OverflowError, ValueError):
            return cell.value
        return moment
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    return None if cell.ctype in {xlrd.XL_CELL_ERROR, xlrd.XL_CELL_EMPTY} else cell.value


def _table(title: str, rows: Iterable[Iterable[object]], budget: Budget) -> str:
    """A Markdown table: the first row with content is the header row."""
    lines: list[str] = []
    cells = size = 0
    for row in rows:
        values = [_shown(value) for value in row]
        while values and not values[-1]:
            values.pop()
        cells += len(values)
        if cells > MAX_CELLS or budget.spent(size):
            budget.truncated = True
            break
        if not values:
            continue
        lines.append(f"| {' | '.join(values)} |")
        size += len(lines[-1])
        if len(lines) == 1:
            lines.append("|" + " --- |" * len(values))
    return f"## {title}\n\n" + "\n".join(lines) if lines else ""


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).replace("|", "\\|").replace("\r", " ").replace("\n", " ").strip()
