"""One process of the bot, as a platform runs it: started, asked whether it is ready, told to end, killed, started again."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import aiohttp

from infra.local.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 60.0


class Replica:
    """`python -m bot` of the tree `root`, on the same port in every life."""

    def __init__(self, settings: Mapping[str, str], *, root: Path = ROOT, log: IO[bytes] | None = None) -> None:
        """`log` gets what it writes to stderr; None: where ours goes."""
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.origin}/api/messages"
        self._environment = {**os.environ, **settings, "PORT": str(self.port), "PYTHONPATH": str(root)}
        self._root = root
        self._log = log
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        assert self._process is not None, "it was not started"
        return self._process

    async def start(self) -> None:
        """Returns when it is ready. Raises RuntimeError when it ends before."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", cwd=self._root, env=self._environment, stderr=self._log,
            start_new_session=True,  # Ctrl+C is for whoever started it, who then tells it
        )  # fmt: skip
        async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as session:
            while (await self.readiness(session))[0] != 200:
                if self._process.returncode is not None:
                    raise RuntimeError("The bot ended while it was starting.")
                await asyncio.sleep(0.1)

    async def readiness(self, session: aiohttp.ClientSession) -> tuple[int, dict[str, Any]]:
        """(status, parts); (0, {}) when nobody listens."""
        try:
            async with session.get(f"{self.origin}/readyz") as response:
                return response.status, await response.json()
        except aiohttp.ClientError:
            return 0, {}

    async def kill(self) -> None:
        """SIGKILL (on Windows TerminateProcess): no code of the process runs after this."""
        self.process.kill()
        await self.process.wait()

    def tell(self) -> None:
        """SIGTERM: it shall end. Returns at once."""
        self.process.send_signal(signal.SIGTERM)

    async def stop(self) -> int:
        """Tells it, and waits for its end; its exit code. Raises TimeoutError."""
        if self._process is None:
            return 0
        if self._process.returncode is None:
            self.tell()
        return await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
