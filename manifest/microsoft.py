"""Microsoft's own validator over packages: `python -m manifest.microsoft dist/parley.zip`. Needs Node.js 20 with npm.

It is the library behind Microsoft 365 Agents Toolkit (npm: @microsoft/app-manifest), pinned with everything below it in validator/.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from manifest.package import unpacked

HOME = Path(__file__).parent / "validator"
INSTALLED = HOME / "node_modules" / ".package-lock.json"


def install() -> str:
    """Fetches the validator once; the path of node. Raises ValueError with a sentence."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise ValueError("Microsoft's validator needs Node.js (20 or newer) with npm.")
    if not INSTALLED.exists() or INSTALLED.stat().st_mtime < (HOME / "package-lock.json").stat().st_mtime:
        command = [npm, "ci", "--prefix", str(HOME), "--no-audit", "--no-fund", "--ignore-scripts"]
        if subprocess.run(command, cwd=HOME, stdout=sys.stderr, check=False).returncode:  # noqa: S603 -- our own words only
            raise ValueError("npm could not install Microsoft's validator; its own message is above.")
    return node


def validate(packages: Sequence[Path]) -> tuple[int, str]:
    """(0 where all are valid, what the validator said). Raises ValueError for a file that is no package, or without node."""
    node = install()
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / f"{number}-{package.stem}" for number, package in enumerate(packages)]
        for folder, package in zip(folders, packages, strict=True):
            folder.mkdir()
            content = unpacked(package)
            if "manifest.json" not in content:
                raise ValueError(f"{package} is no app package: there is no manifest.json in it.")
            for name, raw in content.items():
                (folder / Path(name).name).write_bytes(raw)
        command = [node, "validate.mjs", *map(str, folders)]
        done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, encoding="utf-8", check=False)  # noqa: S603 -- our own words only
        said = f"{done.stdout}{done.stderr}"
        for folder, package in zip(folders, packages, strict=True):
            said = said.replace(str(folder), str(package))
    return done.returncode, said


def main(arguments: Sequence[str]) -> int:
    try:
        code, said = validate([Path(argument) for argument in arguments])
    except ValueError as error:
        code, said = 2, f"{error}\n"
    sys.stderr.write(said)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
