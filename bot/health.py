"""Whether the process lives, and whether it can take messages: for the machinery that runs it. Never anybody's content."""

import asyncio
import time
from collections.abc import Callable, Mapping

from aiohttp import web

from bot.store.database import Database, NoRoom, StoreError
from bot.store.migrate import HEAD

PATIENCE_SECONDS = 2.0
"""How long the store is waited for: whoever asks has a limit too, and a late answer says nothing."""
TICK_SECONDS = 0.25
STALLED_SECONDS = 5.0
REMEMBERED_SECONDS = 10.0


class Loop:
    """How late the event loop is: the longest it kept somebody waiting, in the last ten to twenty seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._since, self._latest, self._before = now(), 0.0, 0.0

    @property
    def late(self) -> float:
        """Seconds."""
        return max(self._latest, self._before)

    def ticked(self, late: float) -> None:
        if self._now() - self._since > REMEMBERED_SECONDS:
            self._since, self._before, self._latest = self._now(), self._latest, 0.0
        self._latest = max(self._latest, late)

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            due = self._now() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self.ticked(self._now() - due)


class Health:
    """`/healthz` says that the process lives; `/readyz`, part by part, whether messages should be sent to it.

    `digests` says how they are: what does not run there keeps nobody from an answer, so it makes us `degraded`, which is ready.
    """

    def __init__(
        self, database: Database, loop: Loop, *, leaving: Callable[[], bool], digests: Callable[[], str]
    ) -> None:
        self._database = database
        self._loop = loop
        self._leaving = leaving
        self._digests = digests

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/healthz", self._alive), web.get("/readyz", self._ready)]

    async def _alive(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, _: web.Request) -> web.Response:
        parts = await self.parts()
        status = self.status(parts)
        ready = status in {"ready", "degraded"}
        return web.json_response({"status": status, **parts}, status=200 if ready else 503)

    async def parts(self) -> dict[str, str]:
        store, schema = await self._store()
        loop = "stalls" if self._loop.late > STALLED_SECONDS else "runs"
        return {"store": store, "schema": schema, "loop": loop, "digests": self._digests()}

    def status(self, parts: Mapping[str, str]) -> str:
        if self._leaving():
            return "stopping"
        if (parts["store"], parts["loop"]) != ("answers", "runs") or parts["schema"] < HEAD:
            return "not ready"
        return "degraded" if parts["digests"] in {"waiting", "failed"} else "ready"

    async def _store(self) -> tuple[str, str]:
        """How it is, and of which revision its schema is. A newer one than ours is right: an update is under way."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return "answers", await self._database.ping()
        except NoRoom:
            return "cannot be written", ""
        except (StoreError, TimeoutError):
            return "does not answer", ""
