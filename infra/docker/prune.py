"""`python prune.py VENV`: takes out of an image's virtual environment what the product never loads. Runs while the image is built.

Standard library only: the Dockerfile runs it before anything of ours is there. What may go is found by loading, not by a list of
files, where a new version of a package could change it; tests/docker/test_image.py runs the product from what is left.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

LOADED = (
    "import sys, msgraph.graph_request_adapter\n"
    "print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('msgraph.generated') and m.__file__), sep='\\n')"
)
"""Prints the files of the Graph SDK's generated classes that its request adapter, the one part we use, needs."""
AWS_KEPT = frozenset({"bedrock-runtime", "signin", "sso", "sso-oidc", "sts"})
"""What botocore describes of AWS and we need: the decoder of Bedrock's streams, and the ways to a role's credentials."""
NEVER_RUN = ("*.pyi", "*.pyx", "*.pxd", "*.pxi", "*.c", "*.h", "*.cpp")
"""For type checkers and compilers."""


def generated_classes(packages: Path, python: Path) -> Iterator[Path]:
    """Microsoft Graph's 16,000 generated files and a list of what is in them; requests are built by hand (graph/wire)."""
    printed = subprocess.run([python, "-I", "-B", "-c", LOADED], check=True, capture_output=True, text=True).stdout  # noqa: S603 -- the image's own Python
    kept = {Path(line).resolve() for line in printed.split()}
    files = (path for path in (packages / "msgraph" / "generated").rglob("*") if path.is_file())
    yield from (path for path in files if path.resolve() not in kept)


def descriptions_of_services(packages: Path, _: Path) -> Iterator[Path]:
    folders = (path for path in (packages / "botocore" / "data").glob("*") if path.is_dir())
    yield from (folder for folder in folders if folder.name not in AWS_KEPT)


def tests_of_packages(packages: Path, _: Path) -> Iterator[Path]:
    yield from (path for name in ("test", "tests") for path in packages.rglob(name) if path.is_dir())


def sources_for_compilers(packages: Path, _: Path) -> Iterator[Path]:
    yield from (path for pattern in NEVER_RUN for path in packages.rglob(pattern))


STEPS: tuple[Callable[[Path, Path], Iterator[Path]], ...] = (
    generated_classes,
    descriptions_of_services,
    tests_of_packages,
    sources_for_compilers,
)


def size(path: Path) -> int:
    """Bytes on disk, of a file or of all files below a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file() and not file.is_symlink()]
    return sum(file.stat().st_blocks * 512 for file in files)


def remove(paths: list[Path]) -> int:
    """Returns the bytes that went."""
    freed = 0
    for path in paths:
        freed += size(path)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return freed


def without_empty_folders(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def true_records(packages: Path) -> None:
    """Each package's list of its files, which scanners read, names only what is there."""
    for record in packages.glob("*.dist-info/RECORD"):
        lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
        there = [line for line in lines if (packages / line.rsplit(",", 2)[0].strip('"')).exists()]
        record.write_text("".join(there), encoding="utf-8")


def prune(venv: Path) -> dict[str, int]:
    """What each step freed, in bytes. Raises subprocess.CalledProcessError where the Graph SDK cannot be loaded."""
    (packages,) = venv.glob("lib/python*/site-packages")
    freed = {step.__name__.replace("_", " "): remove(list(step(packages, venv / "bin" / "python"))) for step in STEPS}
    without_empty_folders(packages)
    true_records(packages)
    return freed


if __name__ == "__main__":
    for what, freed_bytes in prune(Path(sys.argv[1])).items():
        sys.stdout.write(f"{what:<28} {freed_bytes / 1e6:7.1f} MB removed\n")
