"""The zip that is uploaded: the same bytes for the same app, and a higher version for another one."""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.settings import Settings
from manifest.app import COLOR, OUTLINE, Publisher, manifest, translations
from manifest.checks import LOCALIZATION, faults

HERE = Path(__file__).parent
MANIFEST = "manifest.json"
FIRST = "1.0.0"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the zip: the oldest it can say."""


def files(
    settings: Settings, publisher: Publisher, version: str, *, without: frozenset[str] = frozenset()
) -> Mapping[str, bytes]:
    """By name in the package. Raises ValueError: a setting is missing, or what was made is not by Microsoft's schema."""
    made = manifest(settings, publisher, version, without=without)
    texts = {
        f"{language}.json": {"$schema": LOCALIZATION, **said}
        for language, said in translations(settings, publisher, without=without).items()
    }
    icons = {name: (HERE / name).read_bytes() for name in (COLOR, OUTLINE)}
    if found := faults(made, texts, icons):
        raise ValueError("\n".join(found))
    return {MANIFEST: _json(made), **{name: _json(said) for name, said in texts.items()}, **icons}


def packed(content: Mapping[str, bytes]) -> bytes:
    """Stored, not compressed: libraries compress differently, and the package is small."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.create_system = 3  # the same on Windows
            entry.external_attr = 0o644 << 16
            package.writestr(entry, content[name])
    return out.getvalue()


def unpacked(path: Path) -> Mapping[str, bytes]:
    """Empty where there is no package yet. Raises ValueError for a file that is none."""
    if not path.exists():
        return {}
    try:
        with zipfile.ZipFile(path) as package:
            return {name: package.read(name) for name in package.namelist()}
    except zipfile.BadZipFile:
        raise ValueError(f"{path} is there already and is no app package. Name another file with --output.") from None


def write(
    path: Path,
    settings: Settings,
    publisher: Publisher,
    *,
    version: str = "",
    without: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Writes the package and returns its manifest. Without a `version` it is the one that lies at `path`, or the next where
    something else has changed: Teams takes an update only with a higher one. Raises ValueError."""
    before = unpacked(path)
    wanted = version or _version(before)
    content = files(settings, publisher, wanted, without=without)
    if not version and before and content != before:
        content = files(settings, publisher, _next(wanted), without=without)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed(content))
    made: dict[str, Any] = json.loads(content[MANIFEST])
    return made


def _version(before: Mapping[str, bytes]) -> str:
    try:
        found = str(json.loads(before.get(MANIFEST, b"{}")).get("version", FIRST))
    except ValueError:
        return FIRST
    return found if re.fullmatch(r"\d{1,9}\.\d{1,9}\.\d{1,9}", found) else FIRST


def _next(version: str) -> str:
    major, minor, patch = version.split(".")
    return f"{major}.{minor}.{int(patch) + 1}"


def _json(value: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(value, ensure_ascii=False, indent=2)}\n".encode()
