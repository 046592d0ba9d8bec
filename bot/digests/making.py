"""The two steps of a run: it is composed and stored, then handed to the inbox, which delivers it. All of it may be repeated at any point.

Nothing here remembers anything: the run's row says how far it came, and what was paid for once is not paid for again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.digests.batched import drop
from bot.digests.caps import cost_of, used_up
from bot.digests.content import to_json
from bot.digests.endings import Endings
from bot.digests.notices import Admit, Notices
from bot.digests.work import Compose, Composed, Later, NotNow, Waits, Work
from bot.errors import without_content
from bot.services import Services
from bot.store.database import StoreError, StoreUnavailable
from bot.store.run import OVER_NOW, Record, Run
from bot.store.subscriptions import Subscription
from graph.errors import SignInNeeded

log = logging.getLogger(__name__)

DIGEST = "parley/digest"
"""Our own kind of activity: a digest that is composed, to be sent in its turn."""
"""How the slots begin that the owner asked for in between."""
MOST_TRIES = 6
"""Processes that may die over one run before it is given up."""
RETRY_SECONDS = 60.0
STORE_SECONDS = 1.0
"""Between two tries to store what was composed, while the database does not answer."""
PATIENCE = 600
"""So often."""
LEFT = frozenset({"AADSTS50057", "AADSTS50034", "AADSTS50020", "AADSTS51004"})
"""Entra's words for an account that is disabled, or is not in the tenant any more (reference-error-codes)."""

Room = Callable[[], Awaitable[None]]
"""Returns when people in conversations leave room for a digest."""


class Maker:
    """`compose` does the work proper. Raises nothing but `StoreError`: then the run is looked at again later."""

    def __init__(self, services: Services, notices: Notices, compose: Compose, admit: Admit, room: Room) -> None:
        self._services = services
        self._runs = services.runs
        self._notices = notices
        self._endings = Endings(services.runs, notices, self._now)
        self._compose = compose
        self._admit = admit
        self._room = room

    async def work(self, subscription_id: str, slot: str) -> None:
        """Whatever of this run is not done yet. What is composed goes into the inbox, once: there it waits for its turn in the
        conversation, survives us, and is sent by whoever lives."""
        run = await self._runs.begin(subscription_id, slot, self._now())
        ready = await self._ready(subscription_id, slot) if run is None else await self._made(run)
        if ready is not None:
            activity = {"type": DIGEST, "subscription": subscription_id, "slot": slot}
            await self._admit(ready.conversation_id, ready.activity_id, activity)

    async def _ready(self, subscription_id: str, slot: str) -> Run | None:
        known = await self._runs.get(subscription_id, slot)
        return known if known is not None and known.state == "ready" else None

    async def _made(self, run: Run) -> Run | None:
        """The run when there is something to send."""
        subscription = await self._services.subscriptions.get(run.subscription_id)
        if subscription is None:
            return None
        if not _wanted(subscription, run):
            await drop(self._services, run)
            await self._endings.skip(run, subscription.why or subscription.state)
        elif run.tries > MOST_TRIES:
            await self._endings.fail(subscription, run, "crashed")
        elif await used_up(self._services, run.owner):
            await self._endings.fail(subscription, run, "budget")
        else:
            return await self._tried(subscription, run)
        return None

    async def _tried(self, subscription: Subscription, run: Run) -> Run | None:
        try:
            return await self._composed(subscription, run)
        except SignInNeeded as needed:
            await self._wait_for_sign_in(subscription, run, needed)
        except NotNow as pause:
            await self._endings.pause(subscription, run, pause.why)
        except Waits as waits:
            await self._runs.batched(run, waits.batch, self._now() + waits.seconds)
        except Later as later:
            await self._endings.again(subscription, run, later.why, later.seconds)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 -- a run's outermost frame: whatever failed, its owner is told
            log.error("a digest was not composed: %s", without_content(error))  # noqa: TRY400 -- a traceback shows values
            await self._endings.again(subscription, run, "failed", RETRY_SECONDS)
        return None

    async def _composed(self, subscription: Subscription, run: Run) -> Run | None:
        here = await self._notices.where(subscription, run.conversation_id)
        if here is None:
            raise NotNow("gone")
        await self._room()
        last, cursors = await self._runs.told(subscription.id)
        since = None if last is None else last.due
        found = await self._compose(Work(subscription, run, here, cursors, since, self._services))
        return await self._keep(run, found)

    async def _keep(self, run: Run, found: Composed) -> Run | None:
        cost = await self._cost(run) if found.cost is None else found.cost
        if found.outgoing is None:
            await self._runs.empty(run, found.cursors, found.record, cost, self._now())
            return None
        content = {"outgoing": to_json(found.outgoing), "cursors": dict(found.cursors), "items": list(found.items)}
        if await self._kept(run, content, found.record, cost):
            await drop(self._services, run)
            return run
        return await self._ready(run.subscription_id, run.slot)  # another process was sooner

    async def _cost(self, run: Run) -> int | None:
        try:
            return await cost_of(self._services, run)
        except StoreError:  # what was composed is worth more than its price
            return None

    async def _kept(self, run: Run, content: Mapping[str, Any], record: Record, cost: int | None) -> bool:
        """Held on to while the store is away: it is paid for."""
        for _ in range(PATIENCE):
            try:
                return await self._runs.ready(run, content, record, cost)
            except StoreUnavailable:
                await asyncio.sleep(STORE_SECONDS)
        return await self._runs.ready(run, content, record, cost)

    async def _wait_for_sign_in(self, subscription: Subscription, run: Run, needed: SignInNeeded) -> None:
        """One card, however many digests wait: and of each only the newest."""
        if needed.code in LEFT:
            await self._notices.left(subscription.owner)
            await self._runs.end(run, "failed", "left", self._now())
            return
        waiting = await self._runs.waiting_of(run.owner)
        if not waiting:
            await self._notices.sign_in(subscription, run, needed)
        await self._runs.end(run, "waiting", "sign_in", self._now())
        for older in waiting:
            if older.subscription_id == run.subscription_id and older.slot != run.slot:
                await self._endings.skip(older, "superseded")

    def _now(self) -> float:
        return self._services.now().timestamp()


def _wanted(subscription: Subscription, run: Run) -> bool:
    """Paused or ended in between, it is not; the last run of a schedule that is over still is."""
    over = subscription.state == "ended" and subscription.why == OVER_NOW
    return subscription.state == "active" or over or run.between
