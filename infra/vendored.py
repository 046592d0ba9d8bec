"""`make vendored`: fetches the one file of others that we ship, the admin page's charts, from npm, and checks that it is that file.

A newer version: change VERSION, run this with `--any`, look at what it printed, and write it into SHA256.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE, VERSION = "chart.js", "4.6.1"
SHA256 = "87364cc2b2a76a6684929e7d6b80b18a897794db38400caff1fcf1791c6925d2"
"""Of the package's file, which is shipped as it is."""
FOLDER = Path(__file__).resolve().parents[1] / "bot" / "admin" / "page"
FILES = {"package/dist/chart.umd.min.js": "chart.umd.min.js", "package/LICENSE.md": "LICENSE-chart.js"}
SCRIPT = "package/dist/chart.umd.min.js"


def fetched(folder: Path) -> dict[str, bytes]:
    """By path in the package. Raises SystemExit with a sentence."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("This needs npm, which comes with Node.js.")
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", str(folder)]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:  # noqa: S603 -- our own words
        raise SystemExit(f"npm could not fetch {PACKAGE} {VERSION}; its own message is above.")
    found: dict[str, bytes] = {}
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        for name in FILES:
            member = archive.extractfile(name)
            if member is None:
                raise SystemExit(f"{PACKAGE} {VERSION} has no {name}.")
            found[name] = member.read()
    return found


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        found = fetched(Path(folder))
    digest = hashlib.sha256(found[SCRIPT]).hexdigest()
    if digest != SHA256 and "--any" not in arguments:
        sys.stderr.write(
            f"{PACKAGE} {VERSION} is not what was looked at: {digest} instead of {SHA256}. Nothing was changed.\n"
        )
        return 1
    for name, content in found.items():
        (FOLDER / FILES[name]).write_bytes(content)
    sys.stdout.write(f"{PACKAGE} {VERSION}, sha256 {digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
