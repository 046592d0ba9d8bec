"""Where a process that works on digests can be told to die: before and after every write of a run's row."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bot.store.database import Database
from bot.store.run import Plan, Record, Run
from bot.store.runs import Runs

STEPS = ("plan", "taken_up", "begin", "ready", "placing", "placed", "delivered")
POINTS = tuple(f"{step}:{when}" for step in STEPS for when in ("before", "after"))
"""`placed:before`: Teams has the beginning, and nobody knows its id. `delivered:before`: the digest stands there, unnoted."""


class Mortal(Runs):
    """Runs whose process dies, by SIGKILL and therefore without a word, when it passes the point for the n-th time."""

    def __init__(self, database: Database, point: str, passes: int = 1) -> None:
        super().__init__(database)
        self._point = point
        self._passes = passes

    def _pass(self, point: str) -> None:
        if point != self._point:
            return
        self._passes -= 1
        if self._passes <= 0:
            die()

    async def plan(self, plans: Sequence[Plan]) -> None:
        self._pass("plan:before")
        await super().plan(plans)
        self._pass("plan:after")

    async def taken_up(self, taken: Sequence[Run], again: float) -> None:
        self._pass("taken_up:before")
        await super().taken_up(taken, again)
        self._pass("taken_up:after")

    async def begin(self, subscription_id: str, slot: str, now: float) -> Run | None:
        self._pass("begin:before")
        begun = await super().begin(subscription_id, slot, now)
        self._pass("begin:after")
        return begun

    async def ready(self, run: Run, content: Mapping[str, Any], record: Record, cost: int | None) -> bool:
        self._pass("ready:before")
        stored = await super().ready(run, content, record, cost)
        self._pass("ready:after")
        return stored

    async def placing(self, run: Run, uncertain: int) -> None:
        self._pass("placing:before")
        await super().placing(run, uncertain)
        self._pass("placing:after")

    async def placed(self, run: Run, message_id: str, uncertain: int) -> None:
        self._pass("placed:before")
        await super().placed(run, message_id, uncertain)
        self._pass("placed:after")

    async def delivered(self, run: Run, cursors: Mapping[str, Any], now: float) -> bool:
        self._pass("delivered:before")
        stored = await super().delivered(run, cursors, now)
        self._pass("delivered:after")
        return stored


class Forgetful(Runs):
    """A weakened build: nobody notes which message a digest stands in, nor that it was delivered."""

    async def placed(self, run: Run, message_id: str, uncertain: int) -> None:
        del run, message_id, uncertain

    async def delivered(self, run: Run, cursors: Mapping[str, Any], now: float) -> bool:
        del run, cursors, now
        return True


def die() -> None:
    """No code of the process runs after this."""
    if sys.platform == "win32":
        os.kill(os.getpid(), signal.SIGTERM)  # there: TerminateProcess
    else:
        os.kill(os.getpid(), signal.SIGKILL)
