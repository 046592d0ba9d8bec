"""What can wait takes what the limit leaves, evenly, and lets everybody else go first."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from bot.teams.pacing import TENANT, Line, Pacer
from tests.e2e.hurried import LeapingLoop

((LIMIT, SECONDS),) = TENANT
MANY = 6 * LIMIT


def in_its_own_time(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(work)


class Both:
    """The windows of one tenant, with people who talk and digests that wait."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self.pacer = Pacer.of(TENANT, self._now, asyncio.sleep)
        self.line = Line(self.pacer)
        self.began = self._now()
        self.calls: list[float] = []
        self.waited: list[float] = []

    async def digest(self) -> None:
        await self.line.wait("")
        self.calls.append(self._now() - self.began)

    async def say(self) -> None:
        came = self._now()
        await self.pacer.wait("")
        self.calls.append(self._now() - self.began)
        self.waited.append(self._now() - came)

    @property
    def busiest(self) -> int:
        """The most calls within a second."""
        calls = sorted(self.calls)
        return max(sum(at <= one < at + 1 for one in calls) for at in calls)


def test_digests_alone_take_all_of_the_limit_and_no_more() -> None:
    async def work() -> None:
        both = Both()
        await asyncio.gather(*(both.digest() for _ in range(MANY)))
        assert both.busiest <= 50
        assert max(both.calls) < 1.15 * MANY / LIMIT * SECONDS
        assert sorted(both.calls)[LIMIT // 2] > SECONDS / 3, "evenly, and not all at once"

    in_its_own_time(work())


def test_who_talks_goes_first_and_digests_make_room() -> None:
    async def work() -> None:
        both = Both()
        digests = [asyncio.create_task(both.digest()) for _ in range(MANY)]
        for _ in range(20):
            await asyncio.sleep(0.2)
            await asyncio.gather(*(both.say() for _ in range(2)))
        await asyncio.gather(*digests)
        assert both.busiest <= 50
        assert max(both.waited) < 0.2, "behind a few calls, and not behind all that wait"

    in_its_own_time(work())


def test_replicas_share_the_limit() -> None:
    async def work() -> None:
        several = [Both() for _ in range(3)]
        for one in several:
            one.line.among(3)
        await asyncio.gather(*(one.digest() for one in several for _ in range(LIMIT)))
        together = sorted(call for one in several for call in one.calls)
        assert max(sum(at <= one < at + 1 for one in together) for at in together) <= LIMIT

    in_its_own_time(work())
