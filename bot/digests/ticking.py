"""The tick: what has become due gets its run, and runs whose time has come are handed to the queue. Any process may do it, at any time."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from bot.digests.due import plan
from bot.digests.notices import Notices
from bot.digests.schedule import BadSchedule
from bot.store.run import Plan, Run
from bot.store.runs import Runs
from bot.store.subscriptions import Subscription, Subscriptions

log = logging.getLogger(__name__)

Enqueue = Callable[[Sequence[Run]], Awaitable[None]]
"""Hands runs to the workers, durably. One that is handed over twice with the same `attempt` is worked on once."""

STUCK_SECONDS = 600.0
"""After this somebody looks at a run again that nobody ended: the engine's own recovery is much quicker."""
LONGEST_PAUSE = 60.0
SHORTEST_PAUSE = 0.05
_AT_ONCE = 50


class Ticker:
    """`now`: seconds since 1970. Raises `StoreError`, and what `enqueue` raises."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        runs: Runs,
        notices: Notices,
        enqueue: Enqueue,
        now: Callable[[], float],
        *,
        stuck_seconds: float = STUCK_SECONDS,
    ) -> None:
        self._subscriptions = subscriptions
        self._runs = runs
        self._notices = notices
        self._enqueue = enqueue
        self._now = now
        self._stuck_seconds = stuck_seconds

    async def tick(self) -> None:
        """Some at a time, so that the first of many need not wait until the last is planned."""
        await self.hand_over()
        while await self._plan_some():
            await self.hand_over()

    async def pause(self) -> float:
        """Seconds until something is due, at most `LONGEST_PAUSE`: other processes change what that is."""
        soonest = await self._subscriptions.soonest()
        return LONGEST_PAUSE if soonest is None else min(max(soonest - self._now(), SHORTEST_PAUSE), LONGEST_PAUSE)

    async def _plan_some(self) -> bool:
        due = await self._subscriptions.all_due(self._now(), _AT_ONCE)
        planned = [await self._plan(subscription) for subscription in due]
        await self._runs.plan([one for one in planned if one is not None])
        return bool(due)

    async def _plan(self, subscription: Subscription) -> Plan | None:
        try:
            return plan(subscription, self._now())
        except BadSchedule:
            log.warning("subscription %s has no schedule that can be read: paused", subscription.id)
            await self._notices.paused(subscription, "schedule")
            return None

    async def hand_over(self) -> None:
        """Enqueued first and counted afterwards: a process that dies in between leaves a run that is enqueued once more, as the same."""
        while taken := await self._runs.to_take_up(self._now(), _AT_ONCE):
            await self._enqueue(taken)
            await self._runs.taken_up(taken, self._now() + self._stuck_seconds)
