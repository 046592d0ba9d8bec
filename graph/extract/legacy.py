"""Word and PowerPoint before 2007: their text, straight from the binary streams. No maintained library reads them.

Source: Microsoft's published formats [MS-DOC] 2.4.1 (retrieving text), 2.5.1 (Fib), 2.8.35 (PlcPcd) and [MS-PPT] 2.9.41-42 (text atoms).
"""

import re
import struct

import olefile

from graph.extract.budget import Budget, Refused
from graph.extract.reasons import BROKEN, PASSWORD, TOO_LARGE

MAX_STREAM = 64 * 1024 * 1024
MAX_PIECES = 200_000
_FIELD = re.compile(r"\x13[^\x13\x14\x15]*\x14")
_CONTROL = {0x07: "\t", 0x0B: "\n", 0x0C: "\n", 0x0D: "\n", 0x1E: "-", 0x1F: "", 0xA0: " ", 0x2002: " ", 0x2003: " "}
_PPT_CONTAINER = 0x0F
_PPT_TEXT, _PPT_BYTES = 4000, 4008


def _stream(ole: "olefile.OleFileIO[bytes]", name: str) -> bytes:
    if not ole.exists(name):
        raise Refused(BROKEN)
    if ole.get_size(name) > MAX_STREAM:
        raise Refused(TOO_LARGE)
    data: bytes = ole.openstream(name).read()
    return data


def read_doc(ole: "olefile.OleFileIO[bytes]") -> str:
    main = _stream(ole, "WordDocument")
    try:
        return _doc_text(ole, main)
    except struct.error as error:
        raise Refused(BROKEN) from error


def _doc_text(ole: "olefile.OleFileIO[bytes]", main: bytes) -> str:
    identifier, version = struct.unpack_from("<HH", main, 0)
    if identifier != 0xA5EC or version < 0x00C1:
        raise Refused(BROKEN)
    (flags,) = struct.unpack_from("<H", main, 0x0A)
    if flags & 0x0100:
        raise Refused(PASSWORD)
    table = _stream(ole, "1Table" if flags & 0x0200 else "0Table")
    offset, size = struct.unpack_from("<II", main, 0x01A2)
    text = _pieces(main, table[offset : offset + size])
    previous = None
    while previous != text:
        previous, text = text, _FIELD.sub("", text)
    text = text.translate(_CONTROL)
    return re.sub(r"[\x00-\x08\x0e-\x1f]", "", text)


def _pieces(main: bytes, clx: bytes) -> str:
    """Walks the piece table: each piece is 8-bit (Windows-1252) or UTF-16 text somewhere in the main stream."""
    position = 0
    while position < len(clx) and clx[position] == 0x01:
        (length,) = struct.unpack_from("<H", clx, position + 1)
        position += 3 + length
    if position >= len(clx) or clx[position] != 0x02:
        raise Refused(BROKEN)
    (length,) = struct.unpack_from("<I", clx, position + 1)
    plc = clx[position + 5 : position + 5 + length]
    count = (len(plc) - 4) // 12
    if not 0 < count <= MAX_PIECES:
        raise Refused(BROKEN)
    starts = struct.unpack_from(f"<{count + 1}I", plc, 0)
    parts: list[str] = []
    for index in range(count):
        (fc,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * index + 2)
        characters = starts[index + 1] - starts[index]
        if not 0 <= characters <= MAX_STREAM:
            raise Refused(BROKEN)
        if fc & 0x40000000:
            begin = (fc & 0x3FFFFFFF) // 2
            parts.append(main[begin : begin + characters].decode("cp1252", errors="replace"))
        else:
            begin = fc & 0x3FFFFFFF
            parts.append(main[begin : begin + 2 * characters].decode("utf-16-le", errors="replace"))
    return "".join(parts)


def read_ppt(ole: "olefile.OleFileIO[bytes]", budget: Budget) -> str:
    """Text atoms in file order: slides, then notes; the same text twice is said once."""
    data = _stream(ole, "PowerPoint Document")
    said: dict[str, None] = {}
    position = 0
    while position + 8 <= len(data) and not budget.spent():
        version, kind, length = struct.unpack_from("<HHI", data, position)
        position += 8
        if version & 0x0F == _PPT_CONTAINER:
            continue
        if kind in {_PPT_TEXT, _PPT_BYTES}:
            raw = data[position : position + length]
            text = raw.decode("utf-16-le" if kind == _PPT_TEXT else "latin-1", errors="replace")
            said[text.replace("\r", "\n").replace("\x0b", "\n").strip()] = None
        position += length
    return "\n\n".join(text for text in said if text and text != "*")
