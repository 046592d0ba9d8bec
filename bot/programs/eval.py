"""`python -m bot eval`: the grounding benchmark, on any mailbox and files. Its arguments are the benchmark's own (`eval --help`).

A process of its own: it runs this bot beside the local tenant, which the bot knows nothing of.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from bot.program import Program


def run(given: argparse.Namespace) -> int:
    """Raises ValueError where the source tree is not there."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "tests" / "bench" / "grounding.py").is_file():
        raise ValueError("the benchmark needs Parley's source tree, with its folders `tests` and `infra`.")
    start = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('tests.bench.grounding', run_name='__main__')"
    # in the caller's folder: paths are theirs
    command = [sys.executable, "-c", start, str(root), *given.arguments]
    return subprocess.run(command, check=False).returncode  # noqa: S603 -- our own program, no shell


PROGRAM = Program(
    help="measure what models are given to answer from, on any mailbox and files (`eval --help`)",
    run=run,
    takes_all=True,
)
