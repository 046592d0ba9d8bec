"""The company's files are what their names say: the libraries people use open them and find the indexed text."""

import io
import re

import docx
import openpyxl
import pdfplumber
import pptx
import pytest
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfplumber.utils.exceptions import PdfminerException

from infra.local.company.document import blocks, plain, plain_sheets, sheets
from infra.local.company.manual import PAGES
from infra.local.company.model import Company
from infra.local.company.render import ENCRYPTED_PDF_PASSWORD
from infra.local.company.seed import company

_CELL = re.compile(r"([A-Z])(\d+)")


@pytest.fixture(scope="module")
def tidewell() -> Company:
    return company()


def _files(tidewell: Company, ending: str) -> list[tuple[str, bytes, str]]:
    """Name, bytes and indexed text of the drives' files and the mails' attachments."""
    items = [(item.name, item.data, item.text) for item in tidewell.items]
    attached = [(file.name, file.data, file.text) for mail in tidewell.mails for file in mail.attachments]
    return [file for file in dict.fromkeys([*items, *attached]) if file[0].endswith(ending)]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def test_word_opens_every_docx(tidewell: Company) -> None:
    files = _files(tidewell, ".docx")
    assert len(files) > 15
    for name, data, text in files:
        document = docx.Document(io.BytesIO(data))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        assert _words(text) == _words("\n".join([*(p.text for p in document.paragraphs), *cells])), name
        assert document.core_properties.modified.year >= 2025


def test_powerpoint_opens_every_pptx_with_its_notes(tidewell: Company) -> None:
    for name, data, text in _files(tidewell, ".pptx"):
        slides = pptx.Presentation(io.BytesIO(data)).slides
        said = [shape.text_frame.text for slide in slides for shape in slide.shapes if shape.has_text_frame]
        notes = [slide.notes_slide.notes_text_frame.text for slide in slides if slide.has_notes_slide]
        assert _words(text) == _words("\n".join([*said, *notes])), name
        if name == "Heron go-to-market.pptx":
            assert "1,690" in "".join(notes)
            assert "1,690" not in "".join(said)


def test_excel_opens_every_xlsx_and_its_sums_are_right(tidewell: Company) -> None:
    formulas = 0
    for name, data, _ in _files(tidewell, ".xlsx"):
        values = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
        for sheet in openpyxl.load_workbook(io.BytesIO(data)):
            for row in sheet.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str) and cell.value.startswith("="):
                        formulas += 1
                        shown = values[sheet.title][cell.coordinate].value
                        assert shown == pytest.approx(_calculate(cell.value, values[sheet.title])), (name, cell)
    assert formulas > 10


def _calculate(formula: str, sheet: "openpyxl.worksheet.worksheet.Worksheet") -> float:
    total = re.fullmatch(r"=SUM\((\w+:\w+)\)", formula)
    if total:
        return float(sum(cell.value for row in sheet[total[1]] for cell in row))
    first, second = (sheet[f"{column}{row}"].value for column, row in _CELL.findall(formula))
    return float(first - second)


def test_every_pdf_holds_its_text_except_the_scan_and_the_locked_one(tidewell: Company) -> None:
    for name, data, text in _files(tidewell, ".pdf"):
        if not text:
            continue
        with pdfplumber.open(io.BytesIO(data)) as document:
            found = "\n".join(page.extract_text() for page in document.pages[:60])
            assert _words(found) <= _words(text), name
            if name == "TW-300 service manual.pdf":
                assert len(document.pages) == PAGES
                assert "46 Nm" in document.pages[46].extract_text()
            else:
                assert _words(found) == _words(text), name
    assert {name for name, _, text in _files(tidewell, ".pdf") if not text} == {
        "Lieferschein 88412.pdf",
        "Bonus letters.pdf",
    }


def test_the_scan_is_a_picture(tidewell: Company) -> None:
    ((_, data, _),) = _files(tidewell, "Lieferschein 88412.pdf")
    with pdfplumber.open(io.BytesIO(data)) as document:
        (page,) = document.pages
        assert len(page.images) == 1
        assert page.extract_text() == ""


def test_the_locked_pdf_opens_with_its_password_only(tidewell: Company) -> None:
    ((_, data, _),) = _files(tidewell, "Bonus letters.pdf")
    with pytest.raises(PdfminerException) as refused, pdfplumber.open(io.BytesIO(data)):
        pass
    assert isinstance(refused.value.args[0], PDFPasswordIncorrect)
    with pdfplumber.open(io.BytesIO(data), password=ENCRYPTED_PDF_PASSWORD) as document:
        assert "231,700 EUR" in document.pages[0].extract_text()


def test_plain_files_are_their_text(tidewell: Company) -> None:
    for ending in (".md", ".txt", ".csv"):
        files = _files(tidewell, ending)
        assert len(files) >= 3
        assert all(data.decode().strip() == text for _, data, text in files)
    pages = _files(tidewell, ".html")
    assert len(pages) >= 5
    assert all(b'<meta charset="utf-8">' in data for _, data, _ in pages)


def test_a_text_becomes_blocks() -> None:
    parts = blocks("# T\n## H\n- b\n| a | b |\n| 1 | 2 |\nplain\nnotes: quiet")
    assert [part.kind for part in parts] == ["title", "heading", "bullet", "table", "paragraph", "notes"]
    assert plain(parts) == "T\nH\nb\na\tb\n1\t2\nplain\nquiet"


def test_a_formula_carries_its_value() -> None:
    (sheet,) = sheets("## S\nA,B\n2,=A2-1 -> 1")
    assert [cell.formula for cell in sheet.rows[1]] == ["", "=A2-1"]
    assert plain_sheets([sheet]) == "S\nA\tB\n2\t1"
