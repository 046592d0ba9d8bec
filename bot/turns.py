"""Turns: what was admitted is worked on in the background, in order per conversation, and survives the process.

The promise is kept by the inbox's rows, not by the tasks here: a task that dies leaves a row that somebody sweeps up.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.context import Receipt, Superseded
from bot.errors import without_content
from bot.store.database import StoreError, StoreUnavailable
from bot.store.entry import Entry, State
from bot.store.inbox import Inbox

logger = logging.getLogger(__name__)

Handler = Callable[[Entry, Receipt], Awaitable[None]]

RETENTION_SECONDS = 7 * 86400.0  # Teams repeats a delivery within minutes; a week also covers restored backups
PRUNE_EVERY_SWEEPS = 600
GRACE_SECONDS = 10.0


class Turns:
    """Calls `handle` once a turn, and again after a crash when nothing uncertain was sent (then `receipt.reply_id` may be set).

    `apologise` is called instead when a post was under way as its process died (`entry.uncertain`), when `attempts`
    processes died over the turn, or when `handle` raised; after `StoreUnavailable` the turn is taken up again later.
    An apology announces its own post with `receipt.sending()`, and is then never repeated. `entry.reference` is what
    the log calls the turn.
    """

    def __init__(
        self,
        inbox: Inbox,
        handle: Handler,
        apologise: Handler,
        *,
        attempts: int = 3,
        sweep_seconds: float = 2.0,
        retention_seconds: float = RETENTION_SECONDS,
    ) -> None:
        self._inbox = inbox
        self.replies = inbox.replies
        self._handle = handle
        self._apologise = apologise
        self._attempts = attempts
        self._sweep_seconds = sweep_seconds
        self._retention_seconds = retention_seconds
        self.grace = GRACE_SECONDS
        self._running: set[asyncio.Task[None]] = set()
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Also picks up what an earlier process left behind."""
        self._inbox.start(self._begin)
        self._keepers = [
            asyncio.create_task(self._sweep(), name="turns sweep"),
            asyncio.create_task(self._beat(), name="turns heartbeat"),
        ]

    async def admit(self, conversation_id: str, activity_id: str, activity: Mapping[str, Any]) -> None:
        """Returns when the activity is durable, first delivery or not. Errors: see `Inbox.admit`."""
        await self._inbox.admit(conversation_id, activity_id, activity)

    def stop_taking(self) -> None:
        """What comes is still stored; whoever sweeps next, elsewhere or after the next start, works on it."""
        self._inbox.stop_taking()

    async def finished(self) -> None:
        """Returns when no turn is under way; with `stop_taking` before, none will be."""
        while self._running:
            await asyncio.wait(self._running)

    async def aclose(self, grace: float | None = None) -> None:
        """Lets running turns finish for `grace` seconds, then hands the rest over to another replica or the next start."""
        self.stop_taking()
        if self._running:
            await asyncio.wait(self._running, timeout=self.grace if grace is None else grace)
        await _cancel(*self._running)
        await _cancel(*self._keepers)  # last: the leases of the turns that were finishing had to be kept
        self._keepers = []
        try:
            await self._inbox.aclose()
        except StoreError as error:
            logger.warning("leases run out by themselves, since they could not be released: %s", type(error).__name__)

    @property
    def running(self) -> int:
        """Turns under way in this process."""
        return len(self._running)

    def _begin(self, entry: Entry) -> None:
        task = asyncio.create_task(self._process(entry), name=f"turn {entry.reference}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _process(self, entry: Entry) -> None:
        receipt = _StoredReceipt(self._inbox, entry)
        try:
            await self._finish(entry, receipt, await self._answer(entry, receipt))
        except Superseded:
            logger.info("turn %s went on in another process", entry.reference)
            await self._finish(entry, receipt, State.DONE)
        except StoreUnavailable:
            logger.warning("turn %s waits for the database", entry.reference)
            self._inbox.abandon(entry)

    async def _answer(self, entry: Entry, receipt: "_StoredReceipt") -> State:
        if entry.attempt > 2 * self._attempts:
            logger.error("turn %s ended %d processes, apologies included: given up", entry.reference, entry.attempt - 1)
            return State.UNKNOWN
        if not entry.uncertain and entry.attempt <= self._attempts:
            if await self._survives(self._handle, entry, receipt):
                return State.DONE
        else:
            logger.warning("turn %s is apologised for after attempt %d", entry.reference, entry.attempt - 1)
        receipt.announced_as = State.UNKNOWN
        done = await self._survives(self._apologise, replace(entry, uncertain=receipt.uncertain), receipt)
        return State.DONE if done and not receipt.uncertain else State.UNKNOWN

    async def _survives(self, handler: Handler, entry: Entry, receipt: "_StoredReceipt") -> bool:
        try:
            await handler(entry, receipt)
        except (Superseded, StoreUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 -- the turn's outermost frame: whatever failed, the person gets an answer
            logger.error("turn %s failed: %s", entry.reference, without_content(error))  # noqa: TRY400 -- a traceback shows values
            return False
        return True

    async def _finish(self, entry: Entry, receipt: "_StoredReceipt", state: State) -> None:
        pause = 0.5
        while True:
            try:
                await self._inbox.finish(entry, state, receipt.ids)
                return
            except Superseded:
                return
            except StoreUnavailable:
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _sweep(self) -> None:
        sweeps = 0
        while True:
            try:
                await self._inbox.sweep()
                if sweeps % PRUNE_EVERY_SWEEPS == 0:
                    await self._inbox.prune(self._retention_seconds)
            except StoreError as error:
                logger.warning("the inbox was not swept: %s", type(error).__name__)
            sweeps += 1
            # Jitter, so that replicas that started together do not sweep together.
            await asyncio.sleep(self._sweep_seconds * random.uniform(0.75, 1.25))  # noqa: S311 -- spreads load, guards nothing

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._inbox.lease_seconds * 0.3)
            try:
                await self._inbox.heartbeat()
            except StoreError as error:
                logger.warning("leases were not extended: %s", type(error).__name__)


class _StoredReceipt:
    """`bot.context.Receipt` over a row of the inbox, which holds the ids of all messages of the answer, a space between two."""

    def __init__(self, inbox: Inbox, entry: Entry) -> None:
        self._inbox = inbox
        self._entry = entry
        self.ids = entry.reply_id
        self.uncertain = entry.uncertain
        self.announced_as = State.SENDING

    @property
    def reply_id(self) -> str:
        return self.ids.partition(" ")[0]

    @property
    def more(self) -> tuple[str, ...]:
        return tuple(self.ids.split(" ")[1:])

    async def placed(self, reply_id: str) -> None:
        if " " in reply_id:
            raise ValueError("A message's id holds a space.")
        ids = f"{self.ids} {reply_id}".lstrip()
        if self.uncertain:
            # A place for an apology: the answer may stand there, so the row must never look as if it could be given again.
            await self._inbox.sending(self._entry, ids, State.SENDING)
        else:
            await self._inbox.placed(self._entry, ids)
        self.ids = ids

    async def sending(self) -> None:
        await self._inbox.sending(self._entry, self.ids, self.announced_as)
        self.uncertain = self.uncertain or self.announced_as is State.SENDING


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
