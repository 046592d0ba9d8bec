"""The lock of what runs, as names and versions."""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "requirements-runtime.lock"
_PINNED = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^\s;\\]+)", re.MULTILINE)


def pinned(text: str) -> Mapping[str, tuple[str, ...]]:
    """Name -> versions; several where they depend on the platform or on Python."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, version in _PINNED.findall(text):
        found[name].append(version)
    return {name: tuple(versions) for name, versions in sorted(found.items())}
