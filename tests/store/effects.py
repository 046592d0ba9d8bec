"""The world outside, for the crash tests: a server that counts what reaches people, and processes that can be killed."""

import asyncio
import itertools
import random
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from sqlalchemy import func, select, text

from bot.store.database import Database
from bot.store.tables import UNFINISHED


@dataclass(slots=True)
class Effects:
    """By activity id: the messages that show the answer (a PUT twice on one message is one), and the apologies."""

    url: str = ""
    answers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    apologies: Counter[str] = field(default_factory=Counter)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _ids: "itertools.count[int]" = field(default_factory=itertools.count)

    async def post(self, request: web.Request) -> web.Response:
        message_id = f"m{next(self._ids)}"
        self._note(await request.json(), message_id)
        await asyncio.sleep(random.uniform(0, 0.004))  # accepted, and the answer is on its way: a good moment to die
        return web.json_response({"id": message_id}, status=201)

    async def put(self, request: web.Request) -> web.Response:
        self._note(await request.json(), request.match_info["id"])
        return web.json_response({"id": request.match_info["id"]})

    async def answered(self, count: int) -> None:
        """Waits until that many activities have an answer."""
        while len(self.answers) < count:
            self._changed.clear()
            await self._changed.wait()

    def _note(self, body: dict[str, str], message_id: str) -> None:
        self._changed.set()
        if body["kind"] == "content":
            self.answers[body["id"]].add(message_id)
        if body["kind"] == "apology":
            self.apologies[body["id"]] += 1


@asynccontextmanager
async def effects_server() -> AsyncIterator[Effects]:
    effects = Effects()
    application = web.Application()
    application.router.add_post("/messages", effects.post)
    application.router.add_put("/messages/{id}", effects.put)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    effects.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield effects
    finally:
        await runner.cleanup()


class Worker:
    """A `tests.store.worker` in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self.address = ""

    async def start(self) -> None:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.store.worker", *self._arguments, stdin=pipe, stdout=pipe
        )
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 30)
        self.address = f"http://127.0.0.1:{int(line)}/deliver"

    async def kill(self) -> None:
        """SIGKILL (on Windows TerminateProcess): no code of the process runs after this."""
        assert self._process is not None
        self.address = ""
        self._process.kill()
        await self._process.communicate()

    async def died(self) -> None:
        """Waits until it ended by itself."""
        assert self._process is not None
        await asyncio.wait_for(self._process.communicate(), 30)

    async def stop(self) -> None:
        """The clean way: our end of its input is closed."""
        assert self._process is not None
        assert self._process.stdin is not None
        self.address = ""
        self._process.stdin.close()
        await asyncio.wait_for(self._process.communicate(), 30)
        assert self._process.returncode == 0


async def deliver(session: aiohttp.ClientSession, workers: list[Worker], activity: dict[str, object]) -> None:
    """As Teams does: again, until somebody says 2xx."""
    while True:
        address = random.choice(workers).address
        try:
            async with session.post(address, json=activity) as response:
                if response.status == 202:
                    return
        except (aiohttp.ClientError, ValueError):
            pass
        await asyncio.sleep(0.02)


async def unfinished(database: Database) -> int:
    async with database.read() as connection:
        statement = select(func.count()).select_from(database.tables.inbox).where(text(UNFINISHED))
        return (await connection.execute(statement)).scalar_one()


async def all_finished(database: Database, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await unfinished(database):  # noqa: ASYNC110 -- other processes finish them, no event reaches us
            await asyncio.sleep(0.05)
