"""Servers that others wrote, each in a process of its own on a loopback port."""

import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def started(arguments: Sequence[str], place: str | Path) -> Iterator[str]:
    """Runs `python ARGUMENTS`; yields its address once it answers anything at all. `place`: that address, or a file it is written to."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _address(process, place)
    finally:
        process.terminate()
        process.wait(20)


def _address(process: subprocess.Popen[bytes], place: str | Path) -> str:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        url = place if isinstance(place, str) else place.read_text(encoding="utf-8") if place.exists() else ""
        if url and _answers(url):
            return url
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode}.")
        time.sleep(0.2)
    raise TimeoutError("The server does not answer.")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/v1/models", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
