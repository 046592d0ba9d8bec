"""A picture somebody sent -> one that models take: upright, bounded, without metadata, in a format every vendor reads."""

import io

import pypdfium2
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from graph.extract.budget import Refused
from graph.extract.reasons import BROKEN, FORMAT, TOO_LARGE

LONGEST_SIDE = 1568
"""Pixels. Claude scales down what is longer (https://platform.claude.com/docs/en/build-with-claude/vision), and OpenAI's
models look at no more than 2048: beyond this, pixels cost time and show nothing."""
MAX_PIXELS = 64_000_000
"""Of the original. The largest phone cameras make 50 million without being asked to; a bomb declares billions."""
MAX_SCANNED = 4
"""Pages of a scan that are shown: each costs a model as much as two pages of text."""
MAX_POINTS = 20_000
"""The longest page PDF knows is 14,400 points."""
MAX_PNG = 1_500_000
"""Bytes; above, a JPEG is as readable and much smaller. Vendors take 5 MB an image, base64 included."""
_READERS = (
    PngImagePlugin, JpegImagePlugin, MpoImagePlugin, GifImagePlugin, WebPImagePlugin, BmpImagePlugin, TiffImagePlugin,
)  # fmt: skip
"""Loaded here, and with them nothing else (a JPEG may turn out as MPO): most of Pillow's forty decoders are for formats nobody sends."""
_READ = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")

Image.MAX_IMAGE_PIXELS = None  # our own limit refuses by name instead of warning


def picture(data: bytes) -> tuple[str, bytes]:
    """(media type, bytes): of an animation its first frame. Raises `Refused`."""
    try:
        opened = Image.open(io.BytesIO(data), formats=_READ)
    except UnidentifiedImageError as error:
        raise Refused(FORMAT) from error
    with opened:
        width, height = opened.size
        if width * height > MAX_PIXELS:
            raise Refused(TOO_LARGE)
        if not width or not height:
            raise Refused(BROKEN)
        photo = opened.format in {"JPEG", "MPO"}
        # Lets the decoder skip most of a photo's pixels; other formats ignore it.
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        try:
            shown = _bare(opened)
        except (OSError, ValueError, SyntaxError, IndexError) as error:
            raise Refused(BROKEN) from error
    return _written(shown, photo=photo)


def scanned(data: bytes) -> tuple[int, list[tuple[str, bytes]]]:
    """(number of pages, the first ones as pictures) of a PDF that holds nothing but pictures. Raises `Refused`."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Refused(BROKEN) from error
    try:
        shown: list[tuple[str, bytes]] = []
        for index in range(min(len(document), MAX_SCANNED)):
            page = document[index]
            longest = max(page.get_size())
            if not 0 < longest < MAX_POINTS:
                raise Refused(BROKEN)
            image = page.render(scale=LONGEST_SIDE / longest).to_pil()
            shown.append(_written(image.convert("RGB"), photo=False))
            page.close()
        return len(document), shown
    finally:
        document.close()


def _bare(opened: Image.Image) -> Image.Image:
    """New pixels only: what rode along (place, camera, comments, colour profile, hidden thumbnail) stays behind."""
    clear = "transparency" in opened.info or opened.mode in {"RGBA", "LA", "PA", "La", "RGBa"}
    opened.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
    upright = ImageOps.exif_transpose(opened).convert("RGBA" if clear else "RGB")
    # Transparent parts are shown as on a white page: what is invisible to a reader must not say anything to a model.
    bare = Image.new("RGB", upright.size, "white")
    bare.paste(upright, mask=upright.getchannel("A") if clear else None)
    return bare


def _written(shown: Image.Image, *, photo: bool) -> tuple[str, bytes]:
    if not photo:
        sink = io.BytesIO()
        shown.save(sink, "PNG")
        if sink.tell() <= MAX_PNG:
            return "image/png", sink.getvalue()
    sink = io.BytesIO()
    shown.save(sink, "JPEG", quality=88)
    return "image/jpeg", sink.getvalue()
