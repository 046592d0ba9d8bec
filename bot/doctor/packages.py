"""Reads an app's manifest, alone or in its package."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "manifest.json"
MOST = 4 * 1024 * 1024
"""Bytes of a manifest; Teams takes far less."""


class NoManifest(Exception):
    """A sentence."""


@dataclass(frozen=True, slots=True)
class Package:
    manifest: dict[str, Any]
    files: frozenset[str] | None
    """Names in the package; None for a manifest alone."""


def read(path: Path) -> Package:
    """Raises `NoManifest`."""
    try:
        if zipfile.is_zipfile(path):
            text, files = _from_zip(path)
        else:
            text, files = path.read_bytes(), None
        manifest = json.loads(text)
    except OSError:
        raise NoManifest("The manifest cannot be read.") from None
    except (ValueError, zipfile.BadZipFile, RecursionError, RuntimeError):  # RuntimeError: encrypted
        raise NoManifest("The manifest is not JSON, or its package is damaged.") from None
    if not isinstance(manifest, dict) or "manifestVersion" not in manifest:
        raise NoManifest("This is no manifest of a Teams app.")
    return Package(manifest, files)


def _from_zip(path: Path) -> tuple[bytes, frozenset[str] | None]:
    with zipfile.ZipFile(path) as package:
        names = frozenset(package.namelist())
        if NAME not in names:
            raise NoManifest(f"The package has no {NAME} at its top.")
        if package.getinfo(NAME).file_size > MOST:
            raise NoManifest("The manifest is too large.")
        return package.read(NAME), names
