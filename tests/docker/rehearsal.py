"""Builds the image's files in a plain folder: the Dockerfile's own commands, run without Docker.

What differs from Docker: the base image is a copy of the Python that runs this, and paths that start at / start at the folder. The
commands take their paths from variables, so they are run as they are written.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.docker.prune import size
from tests.docker.dockerfile import Stage, here

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534
STDLIB_LEFT = ("test", "idlelib", "site-packages", "__pycache__", "config-*", "turtledemo")
"""What the slim image of Python does not have either, or we copy apart."""


@dataclass(frozen=True, slots=True)
class Image:
    """`root` is what a container would see as /."""

    root: Path
    sizes: list[int]
    """Bytes of the virtual environment after each command of the build: installed, pruned, compiled."""
    stage: Stage

    @classmethod
    def of(cls, folder: Path) -> "Image":
        """What `build` made there, in another process."""
        return cls(folder / "image", [], here()["parley"])

    def at(self, path: str) -> Path:
        return self.root / path.removeprefix("/")

    @property
    def python(self) -> Path:
        return self.at("/opt/parley/bin/python")

    def environment(self) -> dict[str, str]:
        """What ENV says, and nothing of ours."""
        found = {name: value for one in self.stage.of("ENV") for name, value in one.assignments.items()}
        libraries = str(self.at("/usr/local/lib"))  # where the copied Python's own library is
        return found | {"PATH": f"{self.at('/opt/parley/bin')}:/usr/bin:/bin", "LD_LIBRARY_PATH": libraries}


def build(folder: Path) -> Image:
    """`folder` must be empty and reachable by everybody. Raises subprocess.CalledProcessError where a command fails."""
    stages = here()
    made, shipped = folder / "build", folder / "image"
    base_python(shipped)
    base_python(made)
    sizes = _run(stages["build"], made)
    for one in stages["parley"].of("COPY"):
        assert one.options["from"] == "build"
        source, target = one.words
        shutil.copytree(made / source[1:], shipped / target[1:], symlinks=True, dirs_exist_ok=True)
    _point_at(shipped)
    shutil.rmtree(made)
    image = Image(shipped, sizes, stages["parley"])
    close(image)
    return image


def base_python(root: Path) -> None:
    """As in Docker's image of Python: in /usr/local, with pip."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix)
    local = root / "usr" / "local"
    (local / "bin").mkdir(parents=True)
    real = (base / "bin" / version).resolve()
    shutil.copy2(real, local / "bin" / "python")
    shutil.copytree(base / "lib" / version, local / "lib" / version, ignore=shutil.ignore_patterns(*STDLIB_LEFT))
    for library in (base / "lib").glob("libpython*"):
        shutil.copy2(library, local / "lib" / library.name)
    import pip  # noqa: PLC0415 -- only the build has use for it

    (local / "lib" / version / "site-packages").mkdir()
    shutil.copytree(Path(pip.__file__).parent, local / "lib" / version / "site-packages" / "pip")


def _run(stage: Stage, root: Path) -> list[int]:
    """The commands in their order; the size of the virtual environment after each."""
    variables = {n: f"{root}{v}" for one in stage.of("ENV") for n, v in one.assignments.items()}
    environment = {
        **os.environ,  # noqa: TID251 -- where packages come from is the machine's affair
        **variables,
        "PATH": f"{root}/usr/local/bin:/usr/bin:/bin",
        "LD_LIBRARY_PATH": f"{root}/usr/local/lib",
    }
    environment.pop("VIRTUAL_ENV", None)
    folder, sizes = root, list[int]()
    for one in stage.instructions:
        if one.name == "WORKDIR":
            folder = root / one.rest[1:]
            folder.mkdir(parents=True)
        elif one.name == "COPY":
            *sources, target = one.words
            for source in sources:
                _copy(ROOT / source, root / target[1:] if target.startswith("/") else folder / target)
        elif one.name == "RUN":
            subprocess.run(["/bin/sh", "-e", "-c", one.rest], check=True, cwd=folder, env=environment)
            sizes.append(size(Path(variables["VENV"])))
    return sizes


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    else:
        shutil.copy2(source, target / source.name if target.is_dir() else target)


def _point_at(root: Path) -> None:
    """The virtual environment knows its Python by an absolute path; in Docker both stages have it in the same place."""
    binaries = root / "opt" / "parley" / "bin"
    for link in binaries.glob("python*"):
        link.unlink()
    (binaries / "python").symlink_to(root / "usr" / "local" / "bin" / "python")
    file = root / "opt" / "parley" / "pyvenv.cfg"
    lines = file.read_text(encoding="utf-8").splitlines()
    home = f"home = {root / 'usr' / 'local' / 'bin'}"
    file.write_text("\n".join(home if line.startswith("home") else line for line in lines), encoding="utf-8")


def close(image: Image) -> None:
    """Everything belongs to root and can be written by nobody, as a read-only container has it."""
    for path in [image.root, *image.root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222 | (0o555 if path.is_dir() else 0o444))


def open_again(folder: Path) -> None:
    """So that it can be removed."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


def as_nobody() -> dict[str, Any]:
    """For subprocess: another user than the files' owner, where we may change to one."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
