"""Word, Excel and PowerPoint files by the libraries people use for them, with the same bytes on every build."""

import io
import zipfile
from datetime import datetime

import docx
import pptx
import xlsxwriter

from infra.local.company.document import Block, Sheet

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_TITLE_AND_CONTENT, _TITLE_ONLY = 1, 0


def word(parts: list[Block], *, author: str, modified: datetime) -> bytes:
    document = docx.Document()
    for block in parts:
        if block.kind == "table":
            table = document.add_table(len(block.rows), len(block.rows[0]), style="Table Grid")
            for cells, row in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(cells.cells, row, strict=True):
                    cell.text = text
        elif block.kind in {"title", "heading"}:
            document.add_heading(block.text, 0 if block.kind == "title" else 1)
        else:
            document.add_paragraph(block.text, "List Bullet" if block.kind == "bullet" else None)
    _describe(document.core_properties, author, modified)
    out = io.BytesIO()
    document.save(out)
    return _without_clock(out.getvalue())


def slides(parts: list[Block], *, author: str, modified: datetime) -> bytes:
    """A title begins a slide; `notes` become its speaker notes."""
    deck = pptx.Presentation()
    slide, lines = None, list[str]()
    for number, block in enumerate(parts):
        if block.kind == "title":
            slide = deck.slides.add_slide(deck.slide_layouts[_TITLE_AND_CONTENT if number else _TITLE_ONLY])
            slide.shapes.title.text, lines = block.text, []
        elif slide is None:
            raise ValueError("A deck begins with a `# title`.")
        elif block.kind == "notes":
            slide.notes_slide.notes_text_frame.text = block.text
        else:
            lines.append(block.text)
            slide.placeholders[1].text = "\n".join(lines)
    _describe(deck.core_properties, author, modified)
    out = io.BytesIO()
    deck.save(out)
    return _without_clock(out.getvalue())


def workbook(parts: list[Sheet], *, author: str, modified: datetime) -> bytes:
    """Formulas are stored with their values, as Excel does, so that a reader need not calculate."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"author": author, "created": modified.replace(tzinfo=None)})
    bold = book.add_format({"bold": True})
    for part in parts:
        sheet = book.add_worksheet(part.name)
        for r, row in enumerate(part.rows):
            for c, cell in enumerate(row):
                style = None if r else bold
                if cell.formula:
                    sheet.write_formula(r, c, cell.formula, style, cell.number)
                elif cell.number is not None:
                    sheet.write_number(r, c, cell.number, style)
                else:
                    sheet.write_string(r, c, cell.text, style)
    book.close()
    return _without_clock(out.getvalue())


class _Properties:
    """What python-docx and python-pptx share of their core properties."""

    author: str
    last_modified_by: str
    created: datetime
    modified: datetime


def _describe(properties: _Properties, author: str, modified: datetime) -> None:
    properties.author = properties.last_modified_by = author
    properties.created = properties.modified = modified.replace(tzinfo=None)


def _without_clock(package: bytes) -> bytes:
    """The libraries stamp entries with the time of saving; Office does not read the stamps."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name), compresslevel=1)
    return out.getvalue()
