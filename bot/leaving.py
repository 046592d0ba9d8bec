"""How a process ends: it says so, begins nothing new, stores what still comes for the others, and finishes what it began."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.turns import Turns

log = logging.getLogger(__name__)


class Leaving:
    """One a process. `others` ends what is worked on beside the turns."""

    def __init__(self, turns: Turns, others: Callable[[], Awaitable[None]]) -> None:
        self.begun = False
        """Then nobody should send us anything more; who does is still answered 2xx, once it is stored."""
        self._turns = turns
        self._others = others
        self._hurried = asyncio.Event()

    def hurry(self) -> None:
        """What runs is handed over now."""
        self._hurried.set()

    async def leave(self, grace: float, linger: float = 0.0) -> None:
        """Returns when all turns have ended, after `grace` seconds, or when somebody hurries; never before `linger` seconds.

        What is then left is handed over to another process, or to the next start, when `Turns` is closed.
        """
        self.begun = True
        log.info("leaving: %d turns are under way", self._turns.running)
        self._turns.stop_taking()
        others = asyncio.ensure_future(self._others())
        work = asyncio.create_task(self._finished(linger), name="finishing")
        hurried = asyncio.create_task(self._hurried.wait(), name="hurry")
        await asyncio.wait({work, hurried}, timeout=max(grace, linger), return_when=asyncio.FIRST_COMPLETED)
        work.cancel()
        hurried.cancel()
        await asyncio.gather(work, hurried, return_exceptions=True)
        self._turns.grace = 0.0
        if self._turns.running:
            log.warning("%d turns are handed over", self._turns.running)
        await others

    async def _finished(self, linger: float) -> None:
        await asyncio.gather(self._turns.finished(), asyncio.sleep(linger))
