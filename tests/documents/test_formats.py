"""Each format is read, or refused with a reason, by what the file holds and not by what it is called."""

import asyncio
from pathlib import Path

import pytest

from graph.documents import Documents
from graph.errors import Unreadable
from graph.extract.reasons import ALL, BROKEN, EMPTY, FORMAT, PASSWORD, TOO_LARGE
from tests.documents.conftest import DATA, outcome
from tests.documents.made import docx, paragraph, zipped

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("name", "kind", "holds"),
    [
        ("word_tables.docx", "word", ["A uniform table", "Cell 1.0", "| --- |"]),
        ("docx_comments.docx", "word", ["comment"]),
        ("powerpoint_sample.pptx", "powerpoint", ["# Second slide title", "With footnote", "| R1 |"]),
        ("sld-notes.pptx", "powerpoint", ["Notes"]),
        ("xlsx_06_edge_cases_.xlsx", "excel", ["## ", "| --- |"]),
        ("legacy_sample.xls", "excel", ["## ", "| --- |"]),
        ("greek_heading_styles.doc", "word", ["Problem mit lokalisierten Dokumenten", "Überschriften in"]),
        ("eml_with_attachment.eml", "mail", ["Subject: Email with Attachment", "Hello Bob", "- test.txt"]),
        ("msg_simple.msg", "mail", ["Subject: "]),
        ("example_08.html", "web", ["Pivot table", "$134"]),
        ("csv-semicolon.csv", "text", ["| --- |"]),
        ("movie-theater-booking-2024.pdf", "pdf", ["BOOKING"]),
        ("test_mskanji.csv", "text", ["名前"]),
        ("test.epub", "other", []),
        ("test_notebook.ipynb", "text", ["```"]),
        ("event_with_unicode_fields.ics", "event", ["Title: Non-ASCII Test: ÄÖÜ äöü €", "Place: Tribstrül"]),
    ],
)
async def test_a_format_is_read(documents: Documents, name: str, kind: str, holds: list[str]) -> None:
    extracted = await documents.read((DATA / name).read_bytes(), name)
    assert extracted.kind == kind
    assert extracted.text
    for words in holds:
        assert words.casefold() in extracted.text.casefold()


async def test_the_name_does_not_decide(documents: Documents) -> None:
    data = (DATA / "word_tables.docx").read_bytes()
    for name in ("report.pdf", "picture.png", "x", "../../a\x00.exe", "ü" * 400):
        assert (await documents.read(data, name)).kind == "word"


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.docx", EMPTY),
        (b" \n\t", "a.txt", EMPTY),
        (docx(""), "a.docx", EMPTY),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "a.png", FORMAT),
        (b"MZ" + bytes(range(256)) * 40, "a.txt", FORMAT),
        (zipped({"a.txt": b"x"}), "a.zip", FORMAT),
        (b"%PDF-1.7\n%broken", "a.pdf", BROKEN),
        (b"PK\x03\x04" + bytes(200), "a.docx", BROKEN),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "a.doc", BROKEN),
    ],
)
async def test_a_refusal_has_its_reason(documents: Documents, data: bytes, name: str, reason: str) -> None:
    with pytest.raises(Unreadable) as raised:
        await documents.read(data, name)
    assert raised.value.reason == reason


async def test_protected_and_empty_pages(documents: Documents) -> None:
    for name, reason in (("encrypted.pdf", PASSWORD), ("empty.pdf", EMPTY)):
        with pytest.raises(Unreadable) as raised:
            await documents.read((DATA / name).read_bytes(), name)
        assert raised.value.reason == reason


async def test_a_file_beyond_the_cap_never_reaches_a_child() -> None:
    reader = Documents(max_bytes=10)
    with pytest.raises(Unreadable) as raised:
        await reader.read(bytes(11), "a.txt")
    assert raised.value.reason == TOO_LARGE


@pytest.mark.parametrize("path", sorted(p for p in DATA.iterdir() if p.suffix != ".md"), ids=lambda p: str(p.name))
async def test_a_file_cut_short_is_read_or_refused(documents: Documents, path: Path) -> None:
    data = await asyncio.to_thread(path.read_bytes)
    for part in (len(data) // 3, len(data) - 7):
        assert await outcome(documents, data[:part], path.name) in ALL | {"read"}


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
async def test_umlauts_survive_their_charset(documents: Documents, charset: str) -> None:
    text = "Die Prüfung der Pumpe in Köln ist für nächsten Montag geplant; Größe und Maße stehen im Anhang. " * 4
    assert "Prüfung der Pumpe in Köln" in (await documents.read(text.encode(charset), "a.txt")).text


async def test_words_in_a_docx_come_in_order(documents: Documents) -> None:
    text = (await documents.read(docx(paragraph("first") + paragraph("second")), "a.docx")).text
    assert text.index("first") < text.index("second")
