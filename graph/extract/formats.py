"""Which reader reads which file: decided by the file's first bytes and inner parts; its name only tells text formats apart."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath

import olefile

from graph.extract.budget import Budget, Refused
from graph.extract.guards import survey
from graph.extract.legacy import read_doc, read_ppt
from graph.extract.mails import looks_like_mail, read_calendar, read_mail, read_msg
from graph.extract.office import read_docx, read_epub, read_odf, read_pptx, read_xls, read_xlsx
from graph.extract.pages import read_pdf
from graph.extract.reasons import BROKEN, EMPTY, FORMAT, PASSWORD
from graph.extract.tables import read_csv
from graph.extract.texts import decode, looks_binary, read_html, read_notebook, read_rtf

Reader = Callable[[bytes, Budget], str]
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"RIFF", b"BM")


def extract(data: bytes, name: str, budget: Budget) -> tuple[str, str]:
    """(kind, text). Raises `Refused`, or whatever a parser raises on a broken file."""
    if not data.strip(b"\x00\t\r\n "):
        raise Refused(EMPTY)
    if b"%PDF-" in data[:1024]:
        return "pdf", read_pdf(data, budget)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _packed(data, budget)
    if data.startswith(olefile.MAGIC):
        return _compound(data, budget)
    if data.startswith(b"{\\rtf"):
        return "word", read_rtf(data, budget)
    if data.startswith(_PICTURES) or looks_binary(data):
        raise Refused(FORMAT)
    return _textual(data, PurePosixPath(name.replace("\\", "/")).suffix.casefold(), budget)


def _packed(data: bytes, budget: Budget) -> tuple[str, str]:
    found = survey(data)
    for part, kind, reader in (
        ("word/document", "word", read_docx),
        ("xl/workbook", "excel", read_xlsx),
        ("ppt/presentation", "powerpoint", read_pptx),
    ):
        if any(name.startswith(part) for name in found.names):
            return kind, reader(data, found, budget)
    if "META-INF/container.xml" in found.names and "mimetype" in found.names:
        return "other", read_epub(data, budget)
    if "content.xml" in found.names:
        return read_odf(found)
    raise Refused(FORMAT)


def _compound(data: bytes, budget: Budget) -> tuple[str, str]:
    """OLE compound files: Office before 2007, Outlook items, and today's Office files under a password."""
    try:
        ole = olefile.OleFileIO(data)
    except (OSError, ValueError, IndexError) as error:
        raise Refused(BROKEN) from error
    with ole:
        if ole.exists("EncryptedPackage") or ole.exists("EncryptionInfo"):
            raise Refused(PASSWORD)
        if ole.exists("WordDocument"):
            return "word", read_doc(ole)
        if ole.exists("PowerPoint Document"):
            return "powerpoint", read_ppt(ole, budget)
        if ole.exists("Workbook") or ole.exists("Book"):
            return "excel", read_xls(data, budget)
        if ole.exists("__properties_version1.0"):
            return "mail", read_msg(ole, budget)
    raise Refused(FORMAT)


def _textual(data: bytes, suffix: str, budget: Budget) -> tuple[str, str]:
    text = decode(data)
    head = text[:4096]
    if head.lstrip("\ufeff \r\n\t").upper().startswith("BEGIN:V"):
        return "event", read_calendar(text)
    if suffix in {".html", ".htm", ".xhtml", ".mht"} or _HTML.match(head):
        return "web", read_html(text, budget)
    if suffix == ".ics":
        return "event", read_calendar(text)
    if suffix == ".eml" or (suffix in {"", ".txt", ".mail"} and looks_like_mail(head)):
        return "mail", read_mail(data, budget)
    if suffix in {".csv", ".tsv"}:
        text = read_csv(text, budget)
    elif suffix == ".ipynb":
        text = read_notebook(text)
    return "text", text
