"""Eleven kinds of bombs and more: refused with a reason, or read as far as the budget goes. See also `test_hostile`."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from reportlab.pdfgen.canvas import Canvas

from graph.documents import MIB, Documents
from graph.extract.reasons import BROKEN, CRASHED, FORMAT, TOO_LARGE, TOO_LONG
from tests.documents.conftest import outcome
from tests.documents.made import (
    docx,
    laughs_docx,
    nested_docx,
    xxe_docx,
    zip_of_zips,
    zipped,
)  # fmt: skip

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECONDS = 10.0
READ = "read"


def _compressed_pdf() -> bytes:
    """One page whose text is a hundred thousand times as long as its file."""
    sink = io.BytesIO()
    paper = Canvas(sink, pageCompression=1)
    text = paper.beginText(50, 800)
    for _ in range(20_000):
        text.textLine("word " * 30)
    paper.drawText(text)
    paper.save()
    return sink.getvalue()


def _looping_pdf() -> bytes:
    """Its page tree holds itself."""
    objects = [
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n",
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000000>>endobj\n",
    ]
    return b"%PDF-1.7\n" + b"".join(objects) + b"trailer<</Root 1 0 R/Size 3>>\n%%EOF"


def _spans() -> bytes:
    """A page whose merged cells ask for forty million cells."""
    row = '<tr><td rowspan="65534" colspan="1000">x</td></tr>'
    return f"<html><table>{row * 1000}</table></html>".encode()


BOMBS: dict[str, tuple[Callable[[], bytes], str, set[str]]] = {
    "nested elements": (lambda: nested_docx(50_000), "a.docx", {BROKEN}),
    "entities (billion laughs)": (laughs_docx, "a.docx", {BROKEN}),
    "external entity": (xxe_docx, "a.docx", {BROKEN}),
    "one huge part": (lambda: docx("<w:p/>" + " " * (130 * MIB)), "a.docx", {TOO_LARGE}),
    "zip bomb": (lambda: zipped({f"{n}": bytes(20 * MIB) for n in range(20)}), "a.docx", {TOO_LARGE}),
    "many members": (lambda: zipped({f"{n}": b"" for n in range(12_000)}), "a.docx", {TOO_LARGE}),
    "zips in zips": (lambda: zip_of_zips(30), "a.docx", {FORMAT}),
    "deep page": (lambda: b"<html>" + b"<div>" * 50_000 + b"deep" + b"</div>" * 50_000, "a.html", {READ}),
    "merged cells": (_spans, "a.html", {READ}),
    "compressed PDF": (_compressed_pdf, "a.pdf", {READ, TOO_LONG, TOO_LARGE, CRASHED}),
    "looping PDF": (_looping_pdf, "a.pdf", {BROKEN}),
    "notebook brackets": (lambda: b"[" * 200_000, "a.ipynb", {BROKEN}),
    "mail parts": (
        lambda: b"From: a@b.example\nTo: c@d.example\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: text/plain\n\nx\n" * 20_000,
        "a.eml",
        {READ},
    ),
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def documents() -> AsyncIterator[Documents]:
    """Served by this file's own event loop, which must not feel it."""
    reader = Documents()
    yield reader
    await reader.aclose()


@pytest.mark.parametrize("kind", BOMBS)
async def test_a_bomb_costs_its_reader_only(documents: Documents, kind: str) -> None:
    make, name, outcomes = BOMBS[kind]
    data = await asyncio.to_thread(make)
    loop = asyncio.get_running_loop()
    longest, stop = 0.0, False

    async def others() -> None:
        """What everybody else's turns feel of it."""
        nonlocal longest
        while not stop:
            before = loop.time()
            await asyncio.sleep(0.005)
            longest = max(longest, loop.time() - before)

    waiting = asyncio.create_task(others())
    started = loop.time()
    ending = await outcome(documents, data, name)
    took, stop = loop.time() - started, True
    await waiting
    assert ending in outcomes
    assert took < SECONDS + 5.0, "the limit, and a moment for a new child"
    assert longest < 1.0, "nobody else waits for it"


async def test_there_are_eleven_kinds() -> None:
    assert len(BOMBS) >= 11
