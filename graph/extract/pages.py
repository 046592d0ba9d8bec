"""PDF: markitdown for short files, whose tables it keeps; page by page with pdfium for long ones, as far as the budget goes."""

import io
import re

import pypdfium2
from markitdown import StreamInfo
from markitdown.converters import PdfConverter

from graph.extract.budget import Budget, Refused
from graph.extract.reasons import BROKEN, EMPTY, PASSWORD, SCAN
from graph.extract.unseen_pages import remove_unseen

MAX_PAGES = 2000
PAGE_BREAK = "\n\f\n"
TABLES_UP_TO = 12
MAX_TABLE_CHARACTERS = 60_000


def read_pdf(data: bytes, budget: Budget) -> str:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Refused(PASSWORD if "password" in str(error).casefold() else BROKEN) from error
    try:
        pages = _pages(document, budget)
        plain = PAGE_BREAK.join(pages)
        if not any(character.isalnum() for character in plain):
            raise Refused(_blank(document) if pages else BROKEN)
    finally:
        document.close()
    # markitdown would read from the file itself what was taken off its pages here.
    if len(pages) > TABLES_UP_TO or len(plain) > MAX_TABLE_CHARACTERS or budget.truncated or budget.hidden:
        return plain
    return _with_tables(data, plain)


def _blank(document: pypdfium2.PdfDocument) -> str:
    """Why pages without text have none: pictures make a scan."""
    for index in range(min(len(document), 5)):
        if any(True for _ in document[index].get_objects(filter=(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE,))):
            return SCAN
    return EMPTY


def _pages(document: pypdfium2.PdfDocument, budget: Budget) -> list[str]:
    pages: list[str] = []
    size = 0
    for index in range(min(len(document), MAX_PAGES)):
        if budget.spent(size):
            break
        try:
            page = document[index]
        except pypdfium2.PdfiumError:
            continue
        budget.hidden = remove_unseen(page) or budget.hidden
        text = page.get_textpage()
        pages.append(text.get_text_bounded().replace("\r\n", "\n").replace("\ufffe", "").replace("\f", "\n"))
        size += len(pages[-1])
        text.close()
        page.close()
    budget.truncated = budget.truncated or len(document) > MAX_PAGES
    return pages


def _with_tables(data: bytes, plain: str) -> str:
    """markitdown's Markdown where it found tables and kept the words: it glues words together on tight lines and turns Arabic round."""
    try:
        converted = PdfConverter().convert(io.BytesIO(data), StreamInfo(extension=".pdf")).markdown
    except Exception:  # noqa: BLE001 -- pdfminer raises anything at all; pdfium's text is there already
        return plain
    found, kept = set(re.findall(r"\w+", plain.casefold())), set(re.findall(r"\w+", converted.casefold()))
    return converted if "| ---" in converted and len(found & kept) >= 0.97 * len(found) else plain
