"""`python -m infra.supply.licences`: writes docs/licences.md, the licence of everything that runs beside Parley, as each package states it.

A package whose licence is unknown, or does not go with a product under the MIT licence, is an error and not a line.
"""

import re
import sys
from collections.abc import Mapping
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

from infra.supply.lock import ROOT, RUNTIME, pinned

PAGE = ROOT / "docs" / "licences.md"
PERMISSIVE = frozenset(
    {"Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0"}
)  # fmt: skip
"""Ask for their text and their authors' names to go along, which the image does (`*.dist-info`)."""
UNCHANGED = frozenset({"LGPL-3.0-only", "MPL-2.0"})
"""Ask for their own source to stay free: we pass them on as they are, and they can be replaced."""
NAMES = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
}
"""How packages that are older than SPDX expressions in metadata say it."""
ELSEWHERE = {"httpx2-jsfetch": "BSD-3-Clause"}
"""Of packages for platforms Parley does not run on, which are in the lock since it is for all; as their pages say."""
STATED = {"pypdfium2": "BSD-3-Clause AND Apache-2.0"}
"""Whose metadata is a sentence: the package, and PDFium in it."""


class UnknownLicence(Exception):
    """Nobody may pass on what nobody may pass on; names the package."""


def licence(name: str) -> str:
    """An SPDX expression. Raises PackageNotFoundError where the package is not installed here, and UnknownLicence."""
    if name in STATED:
        return STATED[name]
    return stated(name, metadata(name))


def stated(name: str, found: PackageMetadata) -> str:
    """What a package's own metadata say: the expression, or the short text of old, or its classifiers, of which each must go along."""
    text = _first(found, "License-Expression") or _first(found, "License")
    if verdict(spdx := NAMES.get(text.casefold(), text)) is not None:
        return spdx
    classifiers = [
        line.rpartition(" :: ")[2] for line in found.get_all("Classifier") or () if line.startswith("License ::")
    ]
    named = sorted({NAMES.get(one.casefold(), one) for one in classifiers})
    if named and all(verdict(one) is not None for one in named):
        return " OR ".join(named)
    raise UnknownLicence(
        f"{name}: its licence ({text[:60] or ', '.join(classifiers) or 'not stated'}) is not one that is known to go along."
    )


def _first(found: PackageMetadata, field: str) -> str:
    return next(iter(found.get_all(field) or ()), "")


def verdict(spdx: str) -> str | None:
    """What it asks of us: `permissive`, `unchanged`, or None when it may not go along."""
    parts = re.split(r" (?:AND|OR) ", spdx.replace("(", "").replace(")", ""))
    alternatives = " OR " in spdx and " AND " not in spdx
    known = [p for p in parts if p in PERMISSIVE | UNCHANGED]
    if not known or (len(known) < len(parts) and not alternatives):
        return None
    return "permissive" if all(p in PERMISSIVE for p in known) else "unchanged"


def page(packages: Mapping[str, tuple[str, ...]], licences: Mapping[str, str]) -> str:
    """Raises UnknownLicence."""
    rows: list[str] = []
    for name, versions in packages.items():
        asks = verdict(licences[name])
        if asks is None:
            raise UnknownLicence(f"{name}: {licences[name]} does not go with the MIT licence.")
        rows.append(
            f"| {name} | {', '.join(versions)} | {licences[name]} | {'' if asks == 'permissive' else 'goes along unchanged'} |"
        )
    return HEAD.format(count=len(rows)) + "\n".join(rows) + "\n"


HEAD = """# Licences

What runs beside Parley (MIT), as each package states it. Made from `requirements-runtime.lock` by `make licences`; a test holds the two
together, and an unknown licence or one that does not go with MIT fails it. The texts themselves are in each package
(`*.dist-info`) and stay there in the image. *BSD* is said by packages that do not say which of its forms they mean.

Not in this list: Python, the base image's Debian packages, and what wheels carry inside them (PostgreSQL's and OpenSSL's libraries in
`psycopg-binary`, codecs in `pillow`, libxml2 in `lxml`, PDFium in `pypdfium2`, libuv in `uvloop`); their texts are in those wheels as well.

Beside packages, one file of others is shipped: Chart.js with @kurkle/color, both MIT, in `bot/admin/page/` (`bot/admin/page/SOURCE.md`).

{count} packages.

| package | version | licence | |
|---|---|---|---|
"""


def known(packages: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Raises UnknownLicence where a package is neither installed here nor in the table."""
    found: dict[str, str] = {}
    for name in packages:
        try:
            found[name] = ELSEWHERE.get(name) or licence(name)
        except PackageNotFoundError:
            raise UnknownLicence(f"{name} is not installed here: run this where requirements.lock is.") from None
    return found


def main(target: Path) -> int:
    packages = pinned(RUNTIME.read_text(encoding="utf-8"))
    target.write_text(page(packages, known(packages)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(PAGE))
