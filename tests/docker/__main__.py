"""`make image-check`: builds the image's files without Docker, tells their size, and runs the product from them."""

import subprocess
import sys
import tempfile
from pathlib import Path

from infra.docker.prune import size
from tests.docker.rehearsal import build, open_again

LARGEST_MB = 350


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="parley-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            image = build(folder)
            packages = image.at("/opt/parley")
            rows = [("as locked, without bytecode", image.sizes[0]), ("pruned", image.sizes[1]), ("and compiled", image.sizes[2]),
                    ("the product itself", size(image.at("/app")))]  # fmt: skip
            for what, bytes_ in rows:
                print(f"{what:<30} {bytes_ / 1e6:7.1f} MB")
            largest = sorted(((size(p), p.name) for p in packages.glob("lib/python*/site-packages/*")), reverse=True)
            print("largest: " + ", ".join(f"{name} {bytes_ / 1e6:.0f}" for bytes_, name in largest[:12]), flush=True)
            assert size(packages) < LARGEST_MB * 1e6, "the image has grown: see what came in, or raise the limit"
            # In a process of its own: what the tests stand on takes the machine's settings out of its environment.
            return subprocess.run([sys.executable, "-m", "tests.docker.smoke", str(folder)], check=False).returncode
        finally:
            open_again(folder)


if __name__ == "__main__":
    sys.exit(main())
