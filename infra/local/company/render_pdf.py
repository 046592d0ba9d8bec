"""PDF files (ordinary ones, a scan without a text layer, an encrypted one) and the picture in a signature."""

import io
from functools import cache
from html import escape

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

from infra.local.company.document import Block

_STYLES = getSampleStyleSheet()
_STYLE_OF = {"title": "Title", "heading": "Heading2", "paragraph": "BodyText", "notes": "BodyText"}


def pdf(parts: list[Block], *, author: str, password: str = "", page_per_title: bool = False) -> bytes:
    """With a password the file is encrypted and cannot be opened without it."""
    out = io.BytesIO()
    lock = StandardEncryption(password, ownerPassword=f"owner of {password}", strength=128) if password else None
    title = parts[0].text
    template = SimpleDocTemplate(out, pagesize=A4, invariant=1, author=author, title=title, encrypt=lock)
    story: list[Flowable] = []
    for number, block in enumerate(parts):
        if page_per_title and number and block.kind == "title":
            story.append(PageBreak())
        story.append(_flowable(block))
    template.build(story)
    return out.getvalue()


def _flowable(block: Block) -> Flowable:
    if block.kind == "table":
        return Table(block.rows, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.grey)], hAlign="LEFT")
    if not block.text:
        return Spacer(1, 6)
    if block.kind == "bullet":
        return Paragraph(escape(block.text), _STYLES["BodyText"], bulletText="-")
    return Paragraph(escape(block.text), _STYLES[_STYLE_OF[block.kind]])


def scan(lines: list[str]) -> bytes:
    """A page as a scanner leaves it: a slightly turned picture of text, no text."""
    page = Image.new("L", (827, 1169), 250)
    draw = ImageDraw.Draw(page)
    for row, line in enumerate(lines):
        draw.text((90, 120 + row * 60), line, fill=30, font=ImageFont.load_default(40 if row == 0 else 28))
    page = page.rotate(1.2, fillcolor=250)
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.drawImage(ImageReader(page), 0, 0, *A4)
    canvas.save()
    return out.getvalue()


@cache
def logo() -> bytes:
    """A small PNG, as it hangs inline on every mail of some people."""
    picture = Image.new("RGB", (160, 40), "#0e7c86")
    ImageDraw.Draw(picture).text((12, 8), "Tidewell", fill="white", font=ImageFont.load_default(20))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
