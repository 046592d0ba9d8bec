"""DBOS: the durable queue under digests. It decides which process works on which run and how many at once, and knows no digest.

It lives in threads and an event loop of its own, so that nothing of it stands between a person and an answer; our steps run
on our loop. Its tables are in the schema `dbos` of the same PostgreSQL, or in a file beside SQLite's: one file would have two
kinds of writers that do not queue for each other (docs/decisions.md). Should they be lost, nothing is: the truth is in `runs`.
"""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any, TypeVar

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID, WorkflowSerializationFormat
from dbos import error as refusals

from bot.digests.pace import Pace
from bot.store.database import StoreError, StoreUnavailable
from bot.store.executors import Executors
from bot.store.run import Run
from bot.store.system_database import DriverError, system_engine

log = logging.getLogger(__name__)

VERSION = "2"
"""Of what a workflow does. Another one when that changes: what an older process began is then taken up anew, not replayed."""
OFTEN = "*/15 * * * * *"
"""When one process looks after what nobody else did: retries, and what a process planned before it died."""
KEEP_SECONDS = 86400.0
CLOSE_SECONDS = 15.0
RETRY_SECONDS = 5.0
_PRUNED_AT_ONCE = 1000
_PRUNE_EVERY = 1800
"""Beats."""
_JSON = WorkflowSerializationFormat.PORTABLE

TROUBLE = (StoreError, DriverError, refusals.DBOSException)
"""A database does not answer, ours or DBOS's."""

Workflow = Callable[[str, str], Coroutine[Any, Any, None]]
Tick = Callable[[datetime, Any], Coroutine[Any, Any, None]]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Steps:
    """What the engine calls, on the loop it was started in. Each may be called again at any time."""

    tick: Callable[[], Awaitable[None]]
    pause: Callable[[], Awaitable[float]]
    """Seconds until the next tick is worth while."""
    among: Callable[[int], None]
    """How many processes share the work, again and again."""
    work: Callable[[str, str], Coroutine[Any, Any, None]]
    """(subscription, slot): composes and hands over for delivery whatever of the run is not done yet."""


class Engine:
    """One a process, as DBOS is. `id` names this run of this process and is never reused."""

    def __init__(self, database_url: str, executors: Executors, *, id: str, pace: Pace | None = None) -> None:
        self._url = database_url
        self._executors = executors
        self._id = id
        self._pace = pace or Pace()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="digests")  # one: closing comes after opening
        self._wake = asyncio.Event()
        self._queues: set[str] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self._steps: Steps | None = None
        self._system: Any = None
        self._active = 0

    async def start(self, steps: Steps) -> None:
        """Raises `StoreError` and what DBOS raises when its tables can't be made."""
        self._steps, self._loop = steps, asyncio.get_running_loop()
        await self._executors.beat(self._id)
        await self._in_thread(self._launch)
        self._keepers = [
            asyncio.create_task(self._beat(), name="digests heartbeat"),
            asyncio.create_task(self._ticks(), name="digests ticks"),
        ]
        self._wake.set()

    async def aclose(self) -> None:
        """What is not finished is taken over by another process, or by the next start."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        finish = self._pace.finish if self._active else 0
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._in_thread(partial(self._destroy, finish))
        except TimeoutError:
            log.warning("the engine of digests is left behind: its database does not answer")
        self._threads.shutdown(wait=False)
        try:
            await self._executors.stopped(self._id)
        except StoreError as error:
            log.warning("digests are taken over a little later: %s", type(error).__name__)

    @property
    def alive(self) -> bool:
        """Whether what keeps it going runs, in whatever trouble its database is."""
        return bool(self._keepers) and not any(keeper.done() for keeper in self._keepers)

    def wake(self) -> None:
        """Has what is due looked at now."""
        self._wake.set()

    async def enqueue(self, runs: Sequence[Run]) -> None:
        """Durable when it returns. A run that was enqueued before with the same attempt stays one."""
        await self._in_thread(lambda: self._enqueue(runs))

    def _launch(self) -> None:
        engine = self._system = system_engine(self._url)
        DBOS(
            config={
                "name": "parley",
                "system_database_url": engine.url.render_as_string(hide_password=False),
                "system_database_engine": engine,
                "application_version": VERSION,
                "executor_id": self._id,
                "log_level": "WARNING",
                "use_listen_notify": False,
                "max_executor_threads": 16,
            }
        )
        _hush(logging.getLogger("dbos"))
        self._workflow, tick = self._workflows()
        DBOS.launch()
        DBOS.apply_schedules([{"schedule_name": "tick", "workflow_fn": tick, "schedule": OFTEN, "context": None}])

    def _destroy(self, finish: int) -> None:
        """DBOS leaves open what it was given."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=finish)
        if self._system is not None:
            self._system.dispose()

    def _workflows(self) -> tuple[Workflow, Tick]:
        """Functions, as DBOS wants them. None has steps that DBOS would store: the run's row says how far it came, and what DBOS
        wrote of each step was a third of what a digest cost us."""

        @DBOS.workflow(name="digest", serialization_type=_JSON, max_recovery_attempts=None)
        async def digest(subscription_id: str, slot: str) -> None:
            await self._here(partial(self._ready().work, subscription_id, slot))

        @DBOS.workflow(name="tick", serialization_type=_JSON)
        async def tick(at: datetime, context: Any) -> None:
            del at, context
            self._loop.call_soon_threadsafe(self._wake.set)

        return digest, tick

    async def _here(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """On our loop, from DBOS's. While the database does not answer it waits and begins again where the run's row says; other
        trouble with it ends the run for now: somebody looks at it again."""

        async def run() -> None:
            self._active += 1
            try:
                await self._begun_until_it_answers(work)
            except StoreError as error:
                log.warning("a digest waits for the database: %s", type(error).__name__)
            finally:
                self._active -= 1

        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(run(), self._loop))

    async def _begun_until_it_answers(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await work()
                return
            except StoreUnavailable as error:
                log.warning("a digest waits for the database: %s", type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    def _enqueue(self, runs: Sequence[Run]) -> None:
        for run in runs:
            attempt = f"/{run.attempt + 1}" if run.attempt else ""
            options = SetEnqueueOptions(queue_partition_key=_partition(run), priority=2 if run.late else 1)
            with SetWorkflowID(f"{run.subscription_id}/{run.slot}{attempt}"), options:
                DBOS.enqueue_workflow(self._queue(run.tenant), self._workflow, run.subscription_id, run.slot)

    def _queue(self, tenant: str) -> str:
        """One for each tenant: its limits hold in all processes together."""
        name, pace = f"digests:{tenant}", self._pace
        if name not in self._queues:
            DBOS.register_queue(
                name,
                worker_concurrency=pace.at_once,
                global_concurrency=max(pace.per_tenant, pace.at_once),
                partition_concurrency=1,
                polling_interval_sec=pace.poll,
            )
            self._queues.add(name)
        return name

    async def _ticks(self) -> None:
        """On time in every process; DBOS's schedule is for what this one does not know of."""
        steps, pause = self._ready(), 0.0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await steps.tick()
                pause = await steps.pause()
            except TROUBLE as error:
                log.warning("what is due waits for the database: %s", type(error).__name__)
                pause = RETRY_SECONDS

    async def _beat(self) -> None:
        beats = 0
        while True:
            try:
                await self._executors.beat(self._id)
                self._ready().among(await self._executors.alive(self._pace.silent))
                await self._take_over()
                if beats % _PRUNE_EVERY == 0:
                    await self._in_thread(_prune)
            except TROUBLE as error:
                log.warning("the heartbeat of digests was missed: %s", type(error).__name__)
            beats += 1
            await asyncio.sleep(self._pace.beat)

    async def _take_over(self) -> None:
        for dead in await self._executors.dead(self._id, self._pace.silent):
            if await self._executors.adopt(dead, self._pace.silent):
                count = await self._in_thread(partial(_resume, dead))
                if not count:  # looked at twice: one that was only silent may have begun something meanwhile
                    await self._executors.forget(dead)
                    continue
                log.info("took over %d digests of a process that ended", count)
                self._wake.set()

    def _ready(self) -> Steps:
        assert self._steps is not None, "the engine was not started"
        return self._steps

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _partition(run: Run) -> str:
    """One a person, whom DBOS's tables do not name."""
    return hashlib.sha256((run.owner or run.conversation_id).encode()).hexdigest()[:32]


def _resume(executor_id: str) -> int:
    """Back into their queues."""
    pending = DBOS.list_workflows(status="PENDING", executor_id=executor_id, load_input=False, load_output=False)
    found = sorted(((one.queue_name or "", one.workflow_id) for one in pending), key=lambda one: one[0])
    for queue, some in groupby(found, key=lambda one: one[0]):
        DBOS.resume_workflows([id for _, id in some], queue_name=queue or None)
    return len(found)


def _prune() -> None:
    """DBOS keeps what is over; we have our own record of it."""
    before = datetime.fromtimestamp(time.time() - KEEP_SECONDS).astimezone().isoformat()
    while True:
        old = DBOS.list_workflows(
            status=["SUCCESS", "ERROR"], end_time=before, limit=_PRUNED_AT_ONCE, load_input=False, load_output=False
        )
        if old:
            DBOS.delete_workflows([one.workflow_id for one in old])
        if len(old) < _PRUNED_AT_ONCE:
            return


def _hush(logger: logging.Logger) -> None:
    """Its lines go where ours go, without tracebacks: they may show values."""
    logger.handlers.clear()
    logger.propagate = True
    if not any(isinstance(each, _WithoutTraceback) for each in logger.filters):
        logger.addFilter(_WithoutTraceback())


class _WithoutTraceback(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return True
