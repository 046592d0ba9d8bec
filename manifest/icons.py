"""Draws both icons: two rivals at one table, in one talk. `python -m manifest.icons` writes them anew."""

from pathlib import Path

from PIL import Image, ImageChops, ImageDraw

from manifest.app import COLOR, OUTLINE

HERE = Path(__file__).parent
SIZE, SMALL = 192, 32
"""Pixels, as Teams wants them (msteams-docs, design-teams-app-icon-store-appbar)."""
FINER = 8
"""Drawn so many times larger, then made smaller: smooth edges."""
TOP, BOTTOM = (118, 122, 232), (66, 69, 168)
WHITE, PALE = (255, 255, 255), (190, 193, 250)

Box = tuple[float, float, float, float]


def color() -> Image.Image:
    """Opaque to its edges: Teams rounds the corners itself."""
    side = SIZE * FINER
    picture = Image.composite(
        Image.new("RGB", (side, side), BOTTOM), Image.new("RGB", (side, side), TOP),
        Image.linear_gradient("L").resize((side, side)),
    )  # fmt: skip
    theirs, ours = _bubble(side, *BEHIND), _bubble(side, *BEFORE)
    gap = _bubble(side, *_wider(BEFORE, 0.03))
    picture.paste(PALE, mask=ImageChops.subtract(theirs, gap))
    picture.paste(WHITE, mask=ours)
    picture.paste(BOTTOM, mask=_lines(side))
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def outline() -> Image.Image:
    """White on nothing, thin enough to be told apart at 32 pixels."""
    side = SMALL * FINER * 4
    stroke = 0.068
    theirs = _ring(side, SMALL_BEHIND, stroke)
    ours = _ring(side, SMALL_BEFORE, stroke)
    gap = _bubble(side, *_wider(SMALL_BEFORE, 0.055))
    shape = ImageChops.add(ImageChops.subtract(theirs, gap), ours).resize((SMALL, SMALL), Image.Resampling.BOX)
    picture = Image.new("RGBA", (SMALL, SMALL), (*WHITE, 0))
    picture.putalpha(shape)
    return picture


BEHIND: tuple[Box, int] = ((0.17, 0.20, 0.68, 0.55), -1)
BEFORE: tuple[Box, int] = ((0.33, 0.40, 0.84, 0.75), 1)
"""Of the side: left, top, right, bottom; and on which side its tail hangs."""
SMALL_BEHIND: tuple[Box, int] = ((0.05, 0.10, 0.70, 0.55), -1)
SMALL_BEFORE: tuple[Box, int] = ((0.29, 0.37, 0.95, 0.82), 1)


def _wider(bubble: tuple[Box, int], by: float) -> tuple[Box, int]:
    (left, top, right, bottom), tail = bubble
    return (left - by, top - by, right + by, bottom + by), tail


def _bubble(side: int, box: Box, tail: int) -> Image.Image:
    """A mask: a rounded box, with a tail below its outer corner."""
    mask = Image.new("L", (side, side))
    pen = ImageDraw.Draw(mask)
    left, top, right, bottom = (part * side for part in box)
    radius = (bottom - top) * 0.36
    pen.rounded_rectangle((left, top, right, bottom), radius, fill=255)
    near, height = (right if tail > 0 else left), bottom - top
    pen.polygon(
        [
            (near - tail * height * 0.14, bottom - height * 0.22),
            (near - tail * height * 0.56, bottom - height * 0.05),
            (near - tail * height * 0.18, bottom + height * 0.30),
        ],
        fill=255,
    )
    return mask


def _ring(side: int, bubble: tuple[Box, int], stroke: float) -> Image.Image:
    return ImageChops.subtract(_bubble(side, *bubble), _bubble(side, *_wider(bubble, -stroke)))


def _lines(side: int) -> Image.Image:
    """What the nearer one says: two lines, the second with its source."""
    mask = Image.new("L", (side, side))
    pen = ImageDraw.Draw(mask)
    for left, top, right in ((0.43, 0.505, 0.74), (0.43, 0.605, 0.60), (0.655, 0.605, 0.70)):
        box = (left * side, top * side, right * side, (top + 0.045) * side)
        pen.rounded_rectangle(box, 0.0225 * side, fill=255)
    return mask


def main() -> None:
    color().save(HERE / COLOR, optimize=True)
    outline().save(HERE / OUTLINE, optimize=True)


if __name__ == "__main__":
    main()
