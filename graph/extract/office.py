"""Word, Excel, PowerPoint, OpenDocument and EPUB. markitdown reads what it reads well; sheets are read row by row within the budget."""

import io
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time

import openpyxl
import xlrd
from markitdown import StreamInfo
from markitdown.converters import DocxConverter, EpubConverter, PptxConverter

from graph.extract.budget import Budget
from graph.extract.guards import Survey, words

MAX_CELLS = 400_000
MAX_COLUMNS = 200
TREE_UP_TO = 120_000
"""XML elements; above that mammoth needs more than the time there is, and plain words are read instead."""
_SLIDE = re.compile(r"\s*<!-- Slide number: \d+ -->\s*")
_WORD_TEXT, _WORD_BREAKS = frozenset({"t", "v"}), frozenset({"p", "br", "tr", "v"})
_BESIDE = (
    "word/header",
    "word/footer",
    "word/comments.xml",
    "word/footnotes.xml",
    "word/endnotes.xml",
    "word/charts/chart",
)


def read_docx(data: bytes, found: Survey, budget: Budget) -> str:
    """The body, then what stands beside it: headers, footers, notes, comments and text boxes."""
    main = next(name for name in sorted(found.names) if name.startswith("word/document") and name.endswith(".xml"))
    plain = words(found.archive, main, text=_WORD_TEXT, breaks=_WORD_BREAKS)
    if found.elements > TREE_UP_TO:
        return plain
    try:
        text = DocxConverter().convert(io.BytesIO(data), StreamInfo(extension=".docx")).markdown
    except Exception:  # noqa: BLE001 -- mammoth raises anything at all; the plain words are there already
        text = ""
    beside = [
        words(found.archive, name, text=_WORD_TEXT, breaks=_WORD_BREAKS)
        for name in sorted(found.names)
        if name.startswith(_BESIDE) and name.endswith(".xml")
    ]
    return "\n\n".join([text, *_missing("\n".join([plain, *beside]), text)])


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


def read_pptx(data: bytes, _found: Survey, _budget: Budget) -> str:
    """A form feed stands between slides, as between the pages of a PDF."""
    text = PptxConverter().convert(io.BytesIO(data), StreamInfo(extension=".pptx")).markdown
    return _SLIDE.sub("\n\f\n", text).replace("\n\f\n", "", 1)


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


def read_xlsx(data: bytes, _found: Survey, budget: Budget) -> str:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    sheets: list[str] = []
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        sheets.append(_table(sheet.title, sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), budget))
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
