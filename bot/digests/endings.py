"""How a run ends without a digest, or is tried again: by the one who composes it as by the one who delivers it."""

from collections.abc import Callable

from bot.digests.notices import Notices
from bot.store.run import Run
from bot.store.runs import Runs
from bot.store.subscriptions import Subscription

GIVE_UP_SECONDS = 2 * 3600.0
"""After the first try: a morning brief is worth little at noon."""


class Endings:
    """`now`: seconds since 1970. Raises `StoreError`. `why` is a key of `[digest_notice]`."""

    def __init__(self, runs: Runs, notices: Notices, now: Callable[[], float]) -> None:
        self._runs = runs
        self._notices = notices
        self._now = now

    async def again(self, subscription: Subscription, run: Run, why: str, seconds: float) -> None:
        """Once more, a while later; given up when that went on for too long."""
        now = self._now()
        if now - (run.started or now) > GIVE_UP_SECONDS:
            await self.fail(subscription, run, why)
        else:
            await self._runs.later(run, why, now + seconds)

    async def fail(self, subscription: Subscription, run: Run, why: str) -> None:
        """Told first, ended afterwards: a process that dies in between tells it again, as the same notice."""
        await self._notices.failed(subscription, run, why)
        uncertain = run.uncertain > 0 and not run.message_id
        await self._runs.end(run, "unknown" if uncertain else "failed", why, self._now())

    async def pause(self, subscription: Subscription, run: Run, why: str) -> None:
        """It can't be made or sent before somebody changes something."""
        await self._notices.paused(subscription, why)
        await self._runs.end(run, "failed", why, self._now())

    async def skip(self, run: Run, why: str) -> None:
        """Nobody wants it any more."""
        await self._runs.end(run, "skipped", why, self._now())
