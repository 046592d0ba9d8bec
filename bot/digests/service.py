"""Digests beside the messages: the engine is loaded and started when the rest stands, so that no message waits for it."""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from bot.digests.making import Maker
from bot.digests.notices import Notices, PersonalChat
from bot.digests.pace import Pace
from bot.digests.ticking import STUCK_SECONDS, Ticker
from bot.digests.work import Compose
from bot.errors import without_content
from bot.services import Services
from bot.store.database import Database
from bot.store.executors import Executors
from bot.store.references import References
from bot.store.run import NOW, Run
from bot.store.subscriptions import Subscription
from bot.turns import Turns

log = logging.getLogger(__name__)

RETRY_SECONDS = 20.0
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Arranged:
    """How digests are made and when; another one in tests and benchmarks."""

    compose: Compose | None = None
    """None: `bot.digests.compose`."""
    pace: Pace = field(default_factory=Pace)
    stuck_seconds: float = STUCK_SECONDS
    engine: Callable[..., Any] | None = None
    """Made and used as `bot.digests.engine.Engine`, in place of it; it decides when the ticker looks."""


class Digests:
    """One a process. Until `start` nothing happens, and `wake` does nothing."""

    def __init__(
        self,
        database: Database,
        database_url: str,
        references: References,
        turns: Turns,
        among: Callable[[int], None],
        arranged: Arranged | None,
    ) -> None:
        """`among`: told again and again how many processes send digests."""
        self._executors = Executors(database)
        self._url = database_url
        self._references = references
        self._turns = turns
        self._among = among
        self._arranged = arranged or Arranged()
        self._engine: Any = None
        self._refused = False
        self._starting: asyncio.Task[None] | None = None

    def start(self, services: Services, personal: PersonalChat, *, after: asyncio.Task[None]) -> None:
        """When `after` has ended, whatever its end."""
        notices = Notices(services.subscriptions, self._references, personal, self._turns.admit)
        self._starting = asyncio.create_task(self._start(services, notices, after), name="digests")
        self._starting.add_done_callback(_noted)

    @property
    def state(self) -> str:
        """`off`, `starting`, `running`; `waiting` for a database that does not answer; `failed` for good."""
        if self._starting is None:
            return "off"
        if not self._starting.done():
            return "waiting" if self._refused else "starting"
        return "running" if self._engine is not None and self._engine.alive else "failed"

    def wake(self) -> None:
        if self._engine is not None:
            self._engine.wake()

    async def aclose(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.aclose()

    async def _start(self, services: Services, notices: Notices, after: asyncio.Task[None]) -> None:
        await asyncio.wait({after})
        module = await asyncio.to_thread(
            import_module, "bot.digests.engine"
        )  # a third of a second that nobody waits for
        compose = self._arranged.compose or (await asyncio.to_thread(import_module, "bot.digests.compose")).compose
        maker = Maker(services, notices, compose, self._turns.admit, self._room)
        while True:
            engine = (self._arranged.engine or module.Engine)(
                self._url, self._executors, id=f"{os.getpid()}-{time.time_ns()}", pace=self._arranged.pace
            )
            ticker = Ticker(
                services.subscriptions, services.runs, notices, engine.enqueue, lambda: services.now().timestamp(),
                stuck_seconds=self._arranged.stuck_seconds,
            )  # fmt: skip
            self._engine = engine
            try:
                await engine.start(module.Steps(ticker.tick, ticker.pause, self._among, maker.work))
                return
            except module.TROUBLE as error:
                log.error("digests do not run yet: %s", without_content(error))  # noqa: TRY400 -- a traceback shows values
            self._engine, self._refused = None, True
            await engine.aclose()
            await asyncio.sleep(RETRY_SECONDS)

    async def _room(self) -> None:
        """People who wait for an answer go first, for a while."""
        pace = self._arranged.pace
        for _ in range(int(pace.patience / _LOOK_SECONDS)):
            if self._turns.running < pace.crowd:
                return
            await asyncio.sleep(_LOOK_SECONDS)


def _noted(starting: asyncio.Task[None]) -> None:
    if not starting.cancelled() and (error := starting.exception()) is not None:
        log.error("digests do not run: %s", without_content(error))


async def run_now(
    services: Services, subscription: Subscription, conversation_id: str, *, preview: bool = False
) -> Run:
    """One in between, for this conversation. A preview changes nothing: the next digest says again what it said."""
    now = services.now().timestamp()
    run = Run(
        subscription.id, f"{NOW}{now:.3f}", subscription.owner, subscription.tenant, conversation_id, now,
        again=now, preview=preview,
    )  # fmt: skip
    await services.runs.add(run)
    services.wake_digests()
    return run


async def go_on(services: Services, owner: str) -> None:
    """The person has signed in: what waited for it is made, of each subscription the newest."""
    newest = {run.subscription_id: run for run in await services.runs.waiting_of(owner)}
    for run in newest.values():
        await services.runs.go_on(run, services.now().timestamp())
    if newest:
        services.wake_digests()
