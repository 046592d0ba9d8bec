"""The server as whoever runs it sees it: health, start, log and end of the process."""

import asyncio
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from cryptography.fernet import Fernet

from bot.app import create_app
from bot.settings import Settings
from bot.store.migrate import HEAD
from infra.local.demo import ROOT, settings
from infra.local.teams import TeamsClient
from infra.local.tenant import environment
from infra.local.tenant import settings as tenant_settings
from infra.local.vendors.script import Reply
from infra.local.world import Fault, World
from providers.errors import ConfigurationError
from tests.e2e.parley import Parley
from tests.postgres import PostgresServer, postgres_server
from tests.store.test_outage import Cable

__all__ = ["postgres_server"]  # a fixture: pytest finds it by this import

KEY = Fernet.generate_key().decode()
SECRET = "canary-77e2"


@asynccontextmanager
async def served(world: World, database_url: str) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]  # -- generic only in its request
    given = {**tenant_settings(world), "database_url": database_url, "encryption_keys": KEY}
    app = await create_app(Settings(**given), environment(world))
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_alive_and_ready(tenant: World, tmp_path: Path) -> None:
    async with served(tenant, f"sqlite:///{(tmp_path / 'p.db').as_posix()}") as client:
        answer = await client.get("/healthz")
        assert (answer.status, await answer.json()) == (200, {"status": "alive"})
        answer = await client.get("/readyz")
        parts = await answer.json()
        assert parts.pop("digests") in {"starting", "running"}
        assert (answer.status, parts) == (
            200,
            {"status": "ready", "store": "answers", "schema": HEAD, "loop": "runs"},
        )


REFUSED = (
    ("GET", "/nothing", 404),
    ("GET", "/api/messages", 405),
    ("POST", "/healthz", 405),
    ("GET", "/api/messages/../../etc/passwd", 404),
    ("POST", "/api/messages/x", 404),
    ("GET", "/signin/callback", 400),
)


async def test_other_paths_are_refused(tenant: World, tmp_path: Path) -> None:
    async with served(tenant, f"sqlite:///{(tmp_path / 'p.db').as_posix()}") as client:
        answers = [(method, path, (await client.request(method, path)).status) for method, path, _ in REFUSED]
    assert answers == list(REFUSED)


async def test_not_ready_while_the_database_is_gone(tenant: World, postgres_server: PostgresServer) -> None:
    address = urlsplit(postgres_server.create("readiness"))
    cable = Cable(postgres_server.port)
    await cable.connect()
    async with served(tenant, address._replace(netloc=f"parley@127.0.0.1:{cable.port}").geturl()) as client:
        assert (await client.get("/readyz")).status == 200
        await cable.cut()
        answer = await client.get("/readyz")
        assert (answer.status, (await answer.json())["store"]) == (503, "does not answer")
        assert (await client.get("/healthz")).status == 200
        await cable.connect()
        assert (await client.get("/readyz")).status == 200
    await cable.cut()


async def test_what_opened_is_closed_when_something_later_cannot(tenant: World, tmp_path: Path) -> None:
    """Models open first, then the store: a fault in the first leaves no file behind, one in the second no connection."""
    given = {**tenant_settings(tenant), "database_url": f"sqlite:///{(tmp_path / 'p.db').as_posix()}"}
    given |= {"encryption_keys": KEY}
    with pytest.raises(ConfigurationError):
        await create_app(Settings(**given, models="a=nowhere:x"), {})
    assert not (tmp_path / "p.db").exists()
    with pytest.raises(ValueError, match="DATABASE_URL"):
        await create_app(Settings(**{**given, "database_url": "mysql://x/y"}), environment(tenant))


class Server:
    """`python -m bot` on a port of its own choice, its log kept."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.log = ""
        self.url = ""

    async def until(self, pattern: str) -> re.Match[str]:
        assert self.process.stderr is not None
        async with asyncio.timeout(60):
            while not (found := re.search(pattern, self.log)):
                line = await self.process.stderr.readline()
                assert line, self.log
                self.log += line.decode()
        return found

    async def ended(self) -> int:
        _, rest = await asyncio.wait_for(self.process.communicate(), 60)
        self.log += rest.decode()
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def program(world: World, folder: Path, **changes: str) -> AsyncIterator[Server]:
    given = {**os.environ, **settings(world, folder), "PORT": "0", "LOG_LEVEL": "DEBUG", **changes}  # noqa: TID251 -- what a process needs to run
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", cwd=ROOT, env=given, stderr=PIPE)
    server = Server(process)
    try:
        server.url = (await server.until(r"listening on (http://\S+)"))[1]
        yield server
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_a_signal_lets_running_turns_finish(tenant: World, tmp_path: Path) -> None:
    tenant.state["rates_off"] = True
    tenant.state["script"] = [Reply(text=f"The answer is {SECRET}-b.")]
    async with (
        program(tenant, tmp_path, MODELS="claude=anthropic:claude-sonnet-5-5", MODEL_LISTS="0") as server,
        TeamsClient(tenant, server.url) as teams,
    ):
        await Parley(tenant, teams, server.url).sign_in("Sofia")
        tenant.faults.append(Fault("claude", kind="delay", seconds=1.5))
        said = await teams.say("Sofia", f"What does {SECRET}-a say about Heron?")
        await tenant.wait_for("claude")
        server.process.send_signal(signal.SIGTERM)
        seen = await teams.answer_to(said, timeout=30, until=lambda message: message.ai_label)
        assert f"{SECRET}-b" in seen.text
        assert await server.ended() == 0, server.log
    assert "Traceback" not in server.log
    for content in (SECRET, "Heron", "Sofia", "eyJ", "Bearer"):
        assert content not in server.log


async def test_headers_that_are_too_long_do_not_reach_the_log(tenant: World, tmp_path: Path) -> None:
    async with program(tenant, tmp_path) as server:
        where = urlsplit(server.url)
        for header in (f"Authorization: Bearer {SECRET * 1000}", f"Authorization Bearer {SECRET}", f"X: {SECRET}\x00"):
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
            writer.write(f"POST /api/messages HTTP/1.1\r\nHost: x\r\n{header}\r\nContent-Length: 0\r\n\r\n".encode())
            assert b" 400 " in await reader.readline()
            writer.close()
            await writer.wait_closed()
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/healthz") as answer:
            assert answer.status == 200
        server.process.send_signal(signal.SIGTERM)
        assert await server.ended() == 0
    assert SECRET not in server.log
    assert "Error handling request" in server.log


async def test_a_port_that_is_taken_is_refused_in_a_sentence(tenant: World, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        given = {**os.environ, **settings(tenant, tmp_path), "PORT": port}  # noqa: TID251 -- what a process needs to run
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", cwd=ROOT, env=given, stderr=PIPE)
        _, faults = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert re.fullmatch(rf"Parley does not start: Port {port} of 127\.0\.0\.1 cannot be used: .+\.\n", faults.decode())
