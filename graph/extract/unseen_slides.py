"""Shapes that stand beside their slide, where no reader looks: they are taken out before the slides are read."""

import io
from typing import Any

from pptx import Presentation


def without_unseen(data: bytes) -> tuple[bytes, bool]:
    """A .pptx without such shapes, and whether one of them held words."""
    deck = Presentation(io.BytesIO(data))
    width, height = deck.slide_width or 0, deck.slide_height or 0
    removed = False
    for slide in deck.slides if width and height else ():
        for shape in list(slide.shapes):
            if _beside(shape, width, height) and any(character.isalnum() for character in _words(shape)):
                shape.element.getparent().remove(shape.element)
                removed = True
    if not removed:
        return data, False
    sink = io.BytesIO()
    deck.save(sink)
    return sink.getvalue(), True


def _beside(shape: Any, width: int, height: int) -> bool:
    """A shape without a place of its own has its layout's, which is on the slide."""
    left, top, wide, high = shape.left, shape.top, shape.width, shape.height
    if None in (left, top, wide, high):
        return False
    return bool(left >= width or top >= height or left + wide <= 0 or top + high <= 0)


def _words(shape: Any) -> str:
    return "".join(element.text or "" for element in shape.element.iter("{*}t"))
