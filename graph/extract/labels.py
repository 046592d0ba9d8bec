"""The sensitivity label that Microsoft's applications write into a file: it travels with the file wherever it is copied.

Office packages hold it as custom properties `MSIP_Label_<id>_Name` and `..._Enabled`, PDF files in their information
dictionary (learn.microsoft.com/information-protection/develop/concept-mip-metadata).
"""

import io
import re
import zipfile
from xml.etree import ElementTree as ET

_PART = "docProps/custom.xml"
_MOST_BYTES = 1_000_000
_LONGEST = 100
_PROPERTY = re.compile(r"MSIP_Label_([0-9a-fA-F-]{36})_(Name|Enabled)")
_IN_PDF = re.compile(rb"/MSIP_Label_([0-9a-fA-F-]{36})_(Name|Enabled)\s*\(([^()\\]{1,100})\)")


def label_of(data: bytes) -> str:
    """The name of the label that is in force; empty when the file has none. Call it on what the guards let through."""
    if data.startswith(b"PK"):
        return _chosen(_properties(data))
    if data.startswith(b"%PDF"):
        return _chosen(
            [(id.decode(), name.decode(), value.decode("latin-1")) for id, name, value in _IN_PDF.findall(data)]
        )
    return ""


def _properties(data: bytes) -> list[tuple[str, str, str]]:
    """(label id, Name or Enabled, value)"""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.getinfo(_PART).file_size > _MOST_BYTES:
                return []
            root = ET.fromstring(archive.read(_PART))  # noqa: S314 -- the guards refused entity declarations before
    except (KeyError, ValueError, NotImplementedError, zipfile.BadZipFile, ET.ParseError):
        return []
    found: list[tuple[str, str, str]] = []
    for element in root:
        match = _PROPERTY.fullmatch(element.get("name", ""))
        if match:
            found.append((match[1], match[2], "".join(element.itertext())))
    return found


def _chosen(properties: list[tuple[str, str, str]]) -> str:
    named = {id: " ".join(value.split())[:_LONGEST] for id, what, value in properties if what == "Name"}
    off = {id for id, what, value in properties if what == "Enabled" and value.strip().casefold() == "false"}
    return next((name for id, name in named.items() if id not in off and name), "")
