"""The sensitivity labels that Microsoft's applications write into a file: they travel with it wherever it is copied.

Office packages hold them as custom properties, PDF files in their information dictionary.
"""

import io
import re
import zipfile
from xml.etree import ElementTree as ET

from graph.extract.budget import Refused
from graph.extract.reasons import TOO_LARGE
from graph.msip import PROPERTY, in_force

_PART = "docProps/custom.xml"
_MOST_BYTES = 1_000_000
_PROPERTY = re.compile(PROPERTY)
_IN_PDF = re.compile(b"/" + PROPERTY.encode() + rb"\s*\(([^()\\]{1,100})\)")


def labels_of(data: bytes) -> tuple[str, ...]:
    """Names of all that are in force. Call it on what the guards let through.

    Raises `Refused` where there are so many properties that a label could hide among them.
    """
    if data.startswith(b"PK"):
        return in_force(_properties(data))
    if data.startswith(b"%PDF"):
        return in_force(
            (id.decode(), what.decode(), value.decode("latin-1")) for id, what, value in _IN_PDF.findall(data)
        )
    return ()


def _properties(data: bytes) -> list[tuple[str, str, str]]:
    """(label id, Name or Enabled, value)"""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.getinfo(_PART).file_size > _MOST_BYTES:
                raise Refused(TOO_LARGE)
            root = ET.fromstring(archive.read(_PART))  # noqa: S314 -- the guards refused entity declarations before
    except (KeyError, ValueError, NotImplementedError, zipfile.BadZipFile, ET.ParseError):
        return []
    found: list[tuple[str, str, str]] = []
    for element in root:
        match = _PROPERTY.fullmatch(element.get("name", ""))
        if match:
            found.append((match[1], match[2], "".join(element.itertext())))
    return found
