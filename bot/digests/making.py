"""The two steps of a run: it is composed and stored, then handed to the inbox, which delivers it. Each may be repeated at any point.

Nothing here remembers anything: the run's row says how far it came, and what was paid for once is not paid for again.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Literal

from bot.digests.content import to_json
from bot.digests.notices import Admit, Notices
from bot.digests.work import Compose, Composed, Later, NotNow, Work
from bot.errors import without_content
from bot.services import Services
from bot.store.database import StoreError
from bot.store.run import OVER_NOW, Run
from bot.store.runs import Runs
from bot.store.subscriptions import Subscription
from graph.errors import SignInNeeded

log = logging.getLogger(__name__)

DIGEST = "parley/digest"
"""Our own kind of activity: a digest that is composed, to be sent in its turn."""
MOST_TRIES = 6
"""Processes that may die over one run before it is given up."""
GIVE_UP_SECONDS = 2 * 3600.0
"""After the first try: a morning brief is worth little at noon."""
RETRY_SECONDS = 60.0
LEFT = frozenset({"AADSTS50057", "AADSTS50034", "AADSTS50020", "AADSTS51004"})
"""Entra's words for an account that is disabled, or is not in the tenant any more (reference-error-codes)."""

Step = Literal["deliver", "over"]
"""What follows a step."""
Room = Callable[[], Awaitable[None]]
"""Returns when people in conversations leave room for a digest."""


class Maker:
    """`compose` does the work proper. Raises nothing but `StoreError`: then the run is looked at again later."""

    def __init__(self, services: Services, notices: Notices, compose: Compose, admit: Admit, room: Room) -> None:
        self._services = services
        self._runs: Runs = services.runs
        self._notices = notices
        self._compose = compose
        self._admit = admit
        self._room = room

    async def compose(self, subscription_id: str, slot: str) -> Step:
        run = await self._runs.begin(subscription_id, slot, self._now())
        if run is None:
            known = await self._runs.get(subscription_id, slot)
            return "deliver" if known is not None and known.state == "ready" else "over"
        subscription = await self._wanted(run)
        if subscription is None:
            return "over"
        if run.tries > MOST_TRIES:
            return await self._fail(subscription, run, "crashed")
        try:
            return await self._composed(subscription, run)
        except SignInNeeded as needed:
            return await self._wait_for_sign_in(subscription, run, needed)
        except NotNow as pause:
            await self._notices.paused(subscription, pause.why)
            await self._runs.end(run, "failed", pause.why, self._now())
        except Later as later:
            return await self.again(subscription, run, later.why, later.seconds)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 -- a run's outermost frame: whatever failed, its owner is told
            log.error("a digest was not composed: %s", without_content(error))  # noqa: TRY400 -- a traceback shows values
            return await self.again(subscription, run, "failed", RETRY_SECONDS)
        return "over"

    async def deliver(self, subscription_id: str, slot: str) -> Step:
        """Into the inbox, once: there it waits for its turn in the conversation, survives us, and is sent by whoever lives."""
        run = await self._runs.get(subscription_id, slot)
        if run is not None and run.state == "ready":
            activity = {"type": DIGEST, "subscription": subscription_id, "slot": slot}
            await self._admit(run.conversation_id, run.activity_id, activity)
        return "over"

    async def again(self, subscription: Subscription, run: Run, why: str, seconds: float) -> Step:
        """Once more, a while later; given up when that went on for too long."""
        now = self._now()
        if now - (run.started or now) > GIVE_UP_SECONDS:
            return await self._fail(subscription, run, why)
        await self._runs.later(run, why, now + seconds)
        return "over"

    async def _composed(self, subscription: Subscription, run: Run) -> Step:
        here = await self._notices.where(subscription, run.conversation_id)
        if here is None:
            raise NotNow("gone")
        await self._room()
        last = await self._runs.last_delivered(subscription.id)
        cursors = await self._runs.cursors(subscription.id)
        since = None if last is None else last.due
        found = await self._compose(Work(subscription, run, here, cursors, since, self._services))
        return await self._keep(run, found)

    async def _keep(self, run: Run, found: Composed) -> Step:
        if found.outgoing is None:
            await self._runs.empty(run, found.cursors, found.record, found.cost, self._now())
            return "over"
        content = {"outgoing": to_json(found.outgoing), "cursors": dict(found.cursors)}
        await self._runs.ready(run, content, found.record, found.cost)
        return "deliver"

    async def _wanted(self, run: Run) -> Subscription | None:
        """The subscription, unless nobody wants this digest any more."""
        subscription = await self._services.subscriptions.get(run.subscription_id)
        if subscription is None:
            return None
        ours = subscription.state == "active" or (subscription.state == "ended" and subscription.why == OVER_NOW)
        if ours or run.slot.startswith("now:"):
            return subscription
        await self._runs.end(run, "skipped", subscription.why or subscription.state, self._now())
        return None

    async def _wait_for_sign_in(self, subscription: Subscription, run: Run, needed: SignInNeeded) -> Step:
        """One card, however many digests wait: and of each only the newest."""
        if needed.code in LEFT:
            await self._notices.left(subscription.owner)
            await self._runs.end(run, "failed", "left", self._now())
            return "over"
        waiting = await self._runs.waiting_of(run.owner)
        if not waiting:
            await self._notices.sign_in(subscription, run, needed)
        await self._runs.end(run, "waiting", "sign_in", self._now())
        for older in waiting:
            if older.subscription_id == run.subscription_id and older.slot != run.slot:
                await self._runs.end(older, "skipped", "superseded", self._now())
        return "over"

    async def _fail(self, subscription: Subscription, run: Run, why: str) -> Step:
        await self._notices.failed(subscription, run, why)
        uncertain = run.uncertain > 0 and not run.message_id
        await self._runs.end(run, "unknown" if uncertain else "failed", why, self._now())
        return "over"

    def _now(self) -> float:
        return self._services.now().timestamp()
