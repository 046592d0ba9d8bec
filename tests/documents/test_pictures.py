"""Pictures come out scaled, upright and bare, in two formats; bombs and broken ones by name, in their child."""

import io
import struct
import zlib

import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from graph.documents import Documents
from graph.errors import Unreadable
from graph.extract.pictures import LONGEST_SIDE
from graph.extract.reasons import BROKEN, EMPTY, FORMAT, TOO_LARGE
from tests.documents.made import scan

pytestmark = pytest.mark.asyncio(loop_scope="module")
CANARY = b"canary-4711"


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **options)
    return sink.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A file that only claims its size: what a decompression bomb looks like before it is opened."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    ihdr = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + ihdr + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


async def opened(documents: Documents, data: bytes) -> tuple[Image.Image, str, bytes]:
    found = await documents.picture(data)
    return Image.open(io.BytesIO(found.data)), found.media_type, found.data


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
async def test_every_format_becomes_one_that_models_take(documents: Documents, kind: str, mode: str) -> None:
    image, media_type, _ = await opened(documents, saved(Image.new(mode, (2000, 1000), 200), kind))
    assert (image.format, media_type) == (("JPEG", "image/jpeg") if kind == "JPEG" else ("PNG", "image/png"))
    assert image.size == (LONGEST_SIDE, LONGEST_SIDE // 2)


async def test_small_ones_keep_their_size(documents: Documents) -> None:
    image, _, _ = await opened(documents, saved(Image.new("RGB", (40, 30), "red"), "PNG"))
    assert (image.size, image.convert("RGB").getpixel((5, 5))) == ((40, 30), (255, 0, 0))


async def test_nothing_rides_along_and_photos_stand_upright(documents: Documents) -> None:
    photo = Image.new("RGB", (300, 200), "blue")
    photo.paste("red", (0, 0, 150, 200))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = CANARY.decode()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = CANARY
    data = saved(photo, "JPEG", exif=exif, comment=CANARY, icc_profile=CANARY * 20)
    assert CANARY in data
    image, _, bare = await opened(documents, data)
    assert CANARY not in bare
    assert (image.size, len(image.getexif()), image.info.get("icc_profile")) == ((200, 300), 0, None)
    red, _, blue = image.convert("RGB").getpixel((100, 20))  # type: ignore[misc]  # -- Pillow types a pixel as anything
    assert red > 200
    assert blue < 100
    words = PngInfo()
    words.add_text("Comment", CANARY.decode())
    screenshot = saved(Image.new("RGB", (50, 50)), "PNG", pnginfo=words, icc_profile=CANARY * 20)
    assert CANARY not in (await documents.picture(screenshot)).data


async def test_what_is_invisible_stays_so(documents: Documents) -> None:
    hidden = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    image, _, _ = await opened(documents, saved(hidden, "PNG"))
    assert image.convert("RGB").getpixel((3, 3)) == (255, 255, 255)


async def test_of_an_animation_the_first_frame(documents: Documents) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("lime", "red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    image, media_type, _ = await opened(documents, data)
    assert media_type == "image/png"
    assert image.convert("RGB").getpixel((3, 3)) == (0, 255, 0)


async def test_noise_is_not_sent_as_megabytes(documents: Documents) -> None:
    noise = Image.effect_noise((1500, 1500), 100).convert("RGB")
    _, media_type, data = await opened(documents, saved(noise, "PNG"))
    # The worst there is: vendors take 5 MB an image, base64 included.
    assert (media_type, len(data) < 3_700_000) == ("image/jpeg", True)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", EMPTY),
        (b"not a picture", FORMAT),
        (b"%PDF-1.7", FORMAT),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", FORMAT),
        (png_header(60_000, 60_000), TOO_LARGE),
        (png_header(2_000_000_000, 2), TOO_LARGE),
        (png_header(100, 100), BROKEN),
        (saved(Image.new("RGB", (500, 500)), "JPEG")[:200], BROKEN),
    ],
    ids=["empty", "text", "pdf", "svg", "bomb", "wide", "truncated png", "truncated jpeg"],
)
async def test_others_are_refused_by_name(documents: Documents, data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as raised:
        await documents.picture(data)
    assert raised.value.reason in ({reason, FORMAT} if reason == BROKEN else {reason})


async def test_real_pixels_within_the_limits_of_the_child(documents: Documents) -> None:
    """63 million pixels that compress to nearly nothing."""
    image, _, _ = await opened(documents, saved(Image.new("L", (9000, 7000)), "PNG", compress_level=1))
    assert max(image.size) == LONGEST_SIDE


async def test_a_scan_is_looked_at_page_by_page(documents: Documents) -> None:
    pictures, pages = await documents.scan(scan(6))
    assert (len(pictures), pages) == (4, 6)
    shown = [Image.open(io.BytesIO(picture.data)) for picture in pictures]
    assert {max(page.size) for page in shown} == {LONGEST_SIDE}
    assert [page.convert("RGB").getpixel((500, 1100)) for page in shown] == [(200, n, 0) for n in range(4)]
    for data in (b"%PDF-1.7 broken", b"x", b""):
        with pytest.raises(Unreadable):
            await documents.scan(data)
