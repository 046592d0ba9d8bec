"""Teams' rate windows, counted as the service counts them: sliding, per conversation and per app in a tenant."""

import math
from collections import defaultdict

Limits = tuple[tuple[float, int], ...]
SEND: Limits = ((1, 7), (2, 8), (30, 60), (3600, 1800))
"""(seconds, requests): send, reply, update and create, per bot and conversation."""
READ: Limits = ((1, 14), (2, 16), (30, 120), (3600, 3600))
"""Get members, get conversations, per bot and conversation."""
UNPAGED: Limits = ((60, 5),)
"""The old `members` call without paging."""
APP: Limits = ((1, 50),)
"""All requests of one app in one tenant. All four: learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit."""


class Windows:
    """The times of admitted requests, by key."""

    def __init__(self) -> None:
        self._times: defaultdict[str, list[float]] = defaultdict(list)

    def take(self, now: float, *wanted: tuple[str, Limits]) -> int:
        """0 and counted under every (key, limits), or the whole seconds to wait and counted under none."""
        wait = max(self._wait(now, key, limits) for key, limits in wanted)
        if wait > 0:
            return max(1, math.ceil(wait))
        for key, limits in wanted:
            times = self._times[key]
            times.append(now)
            keep = limits[-1][1]
            if len(times) > 2 * keep:
                del times[:-keep]
        return 0

    def _wait(self, now: float, key: str, limits: Limits) -> float:
        times = self._times[key]
        waits = [times[-count] + seconds - now for seconds, count in limits if len(times) >= count]
        return max(waits, default=0.0)
