"""From a text of ours to the bytes and the indexed text of a file, by the ending of its name."""

import html
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from infra.local.company import document, manual, render_office, render_pdf
from infra.local.company.document import Block

ENCRYPTED_PDF_PASSWORD = "Kessel-1961"
_OFFICE = "application/vnd.openxmlformats-officedocument"
MIME = {
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "pdf": "application/pdf",
    "md": "text/markdown",
    "html": "text/html",
    "txt": "text/plain",
    "csv": "text/csv",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    data: bytes
    text: str
    """What a full-text index holds: empty for a scan and an encrypted file."""
    mime: str


def render(name: str, body: str, *, author: str, modified: datetime, special: str = "") -> Rendered:
    """`special`: `scan`, `encrypted`, `service manual` or `raw html`. Raises KeyError for an unknown ending."""
    ending = PurePosixPath(name).suffix.removeprefix(".")
    data, text = _special(body, special, author) or _ordinary(ending, body, author, modified)
    return Rendered(data, text, MIME[ending])


def _ordinary(ending: str, body: str, author: str, modified: datetime) -> tuple[bytes, str]:
    if ending == "xlsx":
        sheets = document.sheets(body)
        return render_office.workbook(sheets, author=author, modified=modified), document.plain_sheets(sheets)
    if ending in {"md", "txt", "csv"}:
        return f"{body}\n".encode(), body
    parts = document.blocks(body)
    text = document.plain(parts)
    if ending == "docx":
        return render_office.word(parts, author=author, modified=modified), text
    if ending == "pptx":
        return render_office.slides(parts, author=author, modified=modified), text
    if ending == "html":
        return _page(parts).encode(), text
    return render_pdf.pdf(parts, author=author), text


def _special(body: str, special: str, author: str) -> tuple[bytes, str] | None:
    if special == "scan":
        return render_pdf.scan(body.splitlines()), ""
    if special == "encrypted":
        return render_pdf.pdf(document.blocks(body), author=author, password=ENCRYPTED_PDF_PASSWORD), ""
    if special == "service manual":
        parts = document.blocks(manual.text())
        return render_pdf.pdf(parts, author=author, page_per_title=True), document.plain(parts)
    if special == "raw html":
        return body.encode(), body
    return None


def _page(parts: list[Block]) -> str:
    tag = {"title": "h1", "heading": "h2", "bullet": "li", "paragraph": "p", "notes": "p"}
    lines = [
        _table(block.rows) if block.kind == "table" else f"<{(t := tag[block.kind])}>{html.escape(block.text)}</{t}>"
        for block in parts
    ]
    head = f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{html.escape(parts[0].text)}</title></head>'
    return "\n".join([f"{head}<body>", *lines, "</body></html>\n"])


def _table(rows: list[list[str]]) -> str:
    cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
