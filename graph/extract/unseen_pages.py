"""Words of a PDF page that are not painted, white on white, or a speck: they are taken off the page before it is read."""

import ctypes
from typing import Any

import pypdfium2

_C = pypdfium2.raw
INVISIBLE = 3
"""Text render mode (ISO 32000-1, 9.3.6). Text that was recognised in a scan has it too, and lies over the scan's picture."""
TINY = 1.5
"""Points."""
NEARLY_WHITE = 250
MOST_OBJECTS = 20_000


def remove_unseen(page: pypdfium2.PdfPage) -> bool:
    """Whether there was something. The page is changed in memory only."""
    suspects: list[Any] = []
    grounds: list[tuple[float, float, float, float]] = []
    for count, found in enumerate(page.get_objects(max_depth=1)):
        if count > MOST_OBJECTS:
            return False
        if found.type == _C.FPDF_PAGEOBJ_TEXT:
            if _doubtful(found.raw):
                suspects.append(found)
        elif found.type != _C.FPDF_PAGEOBJ_PATH or _painted(found.raw):
            grounds.append(found.get_bounds())
    removed = False
    for suspect in suspects:
        left, bottom, right, top = suspect.get_bounds()
        x, y = (left + right) / 2, (bottom + top) / 2
        on_ground = any(a <= x <= c and b <= y <= d for a, b, c, d in grounds)
        if not on_ground or (_tiny(suspect.raw) and top - bottom < TINY):
            page.remove_obj(suspect)
            removed = True
    return removed


def _doubtful(raw: Any) -> bool:
    """What may be unseen, depending on where it stands."""
    return bool(_C.FPDFTextObj_GetTextRenderMode(raw) == INVISIBLE) or _white(raw) or _tiny(raw)


def _tiny(raw: Any) -> bool:
    size, matrix = ctypes.c_float(), _C.FS_MATRIX()
    if not (_C.FPDFTextObj_GetFontSize(raw, size) and _C.FPDFPageObj_GetMatrix(raw, matrix)):
        return False
    scale = max(abs(matrix.d), abs(matrix.b), abs(matrix.c), abs(matrix.a))
    return bool(0 < size.value * scale < TINY)


def _white(raw: Any) -> bool:
    colour = _fill(raw)
    return colour is not None and (colour[3] == 0 or min(colour[:3]) >= NEARLY_WHITE)


def _painted(raw: Any) -> bool:
    """Whether a path puts a colour on the page."""
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    if not _C.FPDFPath_GetDrawMode(raw, mode, stroke) or not mode.value:
        return False
    return not _white(raw)


def _fill(raw: Any) -> tuple[int, ...] | None:
    parts = [ctypes.c_uint() for _ in range(4)]
    return tuple(part.value for part in parts) if _C.FPDFPageObj_GetFillColor(raw, *parts) else None
