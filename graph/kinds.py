"""What sort of thing a document is, as a reader would say it."""

from pathlib import PurePosixPath
from typing import Literal, cast, get_args

Kind = Literal[
    "mail", "word", "excel", "powerpoint", "pdf", "text", "web", "image", "event", "chat", "person", "task",
    "transcript", "other",
]  # fmt: skip
KINDS = frozenset(get_args(Kind))

_BY_SUFFIX: dict[str, Kind] = {
    **dict.fromkeys((".doc", ".docx", ".docm", ".dotx", ".odt", ".rtf"), "word"),
    **dict.fromkeys((".xls", ".xlsx", ".xlsm", ".xlsb", ".ods", ".csv"), "excel"),
    **dict.fromkeys((".ppt", ".pptx", ".pptm", ".ppsx", ".odp"), "powerpoint"),
    **dict.fromkeys((".txt", ".md", ".log", ".json", ".xml", ".yaml", ".yml", ".ipynb"), "text"),
    **dict.fromkeys((".html", ".htm", ".aspx", ".url", ".mht"), "web"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".heic", ".svg"), "image"),
    ".pdf": "pdf",
    ".eml": "mail",
    ".msg": "mail",
    ".ics": "event",
}


def kind_of(name: str) -> Kind:
    """By a kind's own name (what was read), else by a file name's ending."""
    if name in KINDS:
        return cast("Kind", name)
    return _BY_SUFFIX.get(PurePosixPath(name).suffix.casefold(), "other")
