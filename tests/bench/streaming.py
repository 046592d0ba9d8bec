"""A thousand answers written at once by one replica: memory for each, and how much later a word stands in Teams than its model said it.

The model is a server here that says a word every two seconds, with the time in it; Teams is a server that reads it back. What Teams'
own rhythm costs (a word waits for the next update of its message) is seen by the same run with few conversations.
"""

import asyncio
import contextlib
import json
import logging
import os
import re
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psutil
from aiohttp import web

from infra.local.tenant import running
from tests.bench.load import Sink, activity
from tests.bench.parley import configuration
from tests.bench.running import CLAUDE, quiet_world, spawned

CONVERSATIONS = 1000
FEW = 20
WORDS = 20
WORD_SECONDS = 2.0
BEGIN_SECONDS = 8.0
"""In which they all begin, one after another: a thousand in one moment is another bench (`crowd`)."""
_WORD = re.compile(r"t(\d{9,})")


@dataclass
class Stage(Sink):
    """Teams and the model, both with a clock: `first` and `later` are seconds from a word said to the same word shown."""

    streams: int = 0
    most: int = 0
    first: list[float] = field(default_factory=list[float])
    later: list[float] = field(default_factory=list[float])
    shown: dict[str, int] = field(default_factory=dict[str, int])
    """Words that stand in each conversation."""

    def app(self) -> web.Application:
        app = super().app()
        app.router.add_post("/claude/v1/messages", self._model)
        return app

    async def _activity(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        place, words = request.match_info["conversation"], _WORD.findall(str(body.get("text") or ""))
        before, now = self.shown.get(place, 0), time.monotonic()
        for number, word in enumerate(words[before:], before):
            (self.later if number else self.first).append(now - int(word) / 1e6)
        self.shown[place] = max(before, len(words))
        self.received += 1
        return web.json_response({"id": f"m{self.received}"}, status=201)

    async def _model(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self.streams += 1
        self.most = max(self.most, self.streams)
        try:
            with contextlib.suppress(ConnectionError):
                await self._speak(response)
        finally:
            self.streams -= 1
        return response

    async def _speak(self, response: web.StreamResponse) -> None:
        usage = {"input_tokens": 10, "output_tokens": 1}
        message: dict[str, object] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-5", "content": [],
                   "stop_reason": None, "stop_sequence": None, "usage": usage}  # fmt: skip
        await _event(response, {"type": "message_start", "message": message})
        await _event(
            response, {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        )
        for _ in range(WORDS):
            word = f"t{int(time.monotonic() * 1e6)} and so on. "
            await _event(
                response, {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
            )
            await asyncio.sleep(WORD_SECONDS)
        await _event(response, {"type": "content_block_stop", "index": 0})
        await _event(
            response,
            {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage},
        )
        await _event(response, {"type": "message_stop"})


async def _event(response: web.StreamResponse, event: dict[str, object]) -> None:
    await response.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


@asynccontextmanager
async def stage(tenant: str) -> AsyncGenerator[Stage]:
    taker = Stage(tenant=tenant)
    runner = web.AppRunner(taker.app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=2048)
    await site.start()
    taker.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield taker
    finally:
        await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Streamed:
    conversations: int
    at_once: int
    finished: int
    idle: float
    """MB, after one answer."""
    each: float
    """KB a conversation, at the most there was."""
    first: list[float]
    later: list[float]


async def measure(conversations: int) -> Streamed:
    world = quiet_world()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with running(world), stage(world.company.tenant_id) as taker, aiohttp.ClientSession() as session:
            environ = configuration(
                world, f"sqlite:///{(Path(folder) / 'parley.db').as_posix()}", MODELS=CLAUDE,
                SERVICE_URL_HOSTS=urlsplit(taker.url).netloc, BOT_OPENID_METADATA_URL=f"{taker.url}/openid",
                ANTHROPIC_BASE_URL=f"{taker.url}/claude",
            )  # fmt: skip
            async with spawned("sqlite", taker.url, environ) as (url, id):
                await say(session, taker, url, 0)
                await until(lambda: taker.shown.get("a:conversation-0", 0) >= WORDS, WORDS * WORD_SECONDS + 30)
                process, taker.first[:], taker.later[:] = psutil.Process(id), [], []
                idle = most = process.memory_info().rss
                for number in range(1, conversations + 1):
                    await say(session, taker, url, number)
                    await asyncio.sleep(BEGIN_SECONDS / conversations)
                deadline = time.monotonic() + 3 * WORDS * WORD_SECONDS
                while taker.streams and time.monotonic() < deadline:
                    most = max(most, process.memory_info().rss)
                    await asyncio.sleep(0.5)
                await asyncio.sleep(3.0)
                finished = sum(words >= WORDS for words in taker.shown.values()) - 1
                each = (most - idle) / 1024 / conversations
                return Streamed(
                    conversations, taker.most, finished, idle / 2**20, each, sorted(taker.first), sorted(taker.later)
                )


async def until(happened: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not happened():  # noqa: ASYNC110 -- another process makes it happen
            await asyncio.sleep(0.1)


async def say(session: aiohttp.ClientSession, taker: Stage, url: str, user: int) -> None:
    headers = {"Authorization": f"Bearer {taker.token()}"}
    async with session.post(f"{url}/api/messages", json=activity(taker, user, 1), headers=headers) as response:
        response.raise_for_status()


def report(found: Streamed) -> str:
    def at(times: list[float]) -> str:
        if not times:
            return "none"
        return f"median {1000 * statistics.median(times):.0f} ms, 99 % {1000 * times[int(len(times) * 0.99)]:.0f} ms"

    return "\n".join(
        [
            f"{found.conversations} conversations, {found.at_once} streaming at once, {found.finished} shown to their last word",
            f"  memory of each                     {found.each:6.0f} KB   (idle process: {found.idle:.0f} MB)",
            f"  first word, model to Teams         {at(found.first)}",
            f"  further words, model to Teams      {at(found.later)}",
        ]
    )


async def main() -> None:
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    most = int(os.environ.get("BENCH_CONVERSATIONS", CONVERSATIONS))  # noqa: TID251 -- a switch of the bench alone
    few, many = await measure(min(FEW, most)), await measure(most)
    print("\nStreaming: answers that are all being written at once by one process, Teams' rhythm as in production")
    print(report(few))
    print(report(many))
    if few.later and many.later:
        first, later = (1000 * (statistics.median(b) - statistics.median(a)) for a, b in
                        ((few.first, many.first), (few.later, many.later)))  # fmt: skip
        print(f"  added by the many: first word {first:+.0f} ms, further words {later:+.0f} ms (medians)")


if __name__ == "__main__":
    asyncio.run(main())
