"""Keeps inside Teams' rate limits before the service has to say so.

Source: "Rate limits" for Teams bots (msteams-docs, bots/how-to/rate-limit): per bot and conversation, and per app and tenant.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

SEND = ((7, 1.0), (8, 2.0), (60, 30.0), (1800, 3600.0))
"""(calls, seconds): sends, updates and creations in one conversation."""
READ = ((14, 1.0), (16, 2.0), (120, 30.0), (3600, 3600.0))
"""Members of one conversation."""
TENANT = ((48, 1.0),)
"""All calls of one app in one tenant. Of 50: what leaves in good order may arrive bunched."""
OTHERS = 0.85
"""What replicas that do not know of each other's chats take of it all together for what can wait."""
_MARGIN = 0.05
"""Seconds: the service counts when a call arrives, not when it leaves."""
_KEPT = 20_000
"""Conversations whose recent calls are remembered."""

Windows = tuple[tuple[int, float], ...]


@dataclass(slots=True)
class Pacer:
    """Sliding windows by key. `now` is monotonic seconds."""

    windows: Windows
    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    _calls: "OrderedDict[str, deque[float]]"

    @classmethod
    def of(cls, windows: Windows, now: Callable[[], float], sleep: Callable[[float], Awaitable[None]]) -> "Pacer":
        return cls(windows, now, sleep, OrderedDict())

    async def wait(self, key: str) -> None:
        """Returns when the next call is within all windows. Callers of one key leave in the order they came."""
        delay = self.reserve(key)
        if delay > 0:
            await self.sleep(delay)

    def delay(self, key: str) -> float:
        """In how many seconds the next free moment is."""
        now, calls = self.now(), self._calls.get(key)
        return self._moment(now, calls) - now if calls else 0.0

    def reserve(self, key: str) -> float:
        """Takes the next free moment and says in how many seconds it is."""
        now = self.now()
        calls = self._calls.get(key)
        if calls is None:
            calls = self._calls[key] = deque(maxlen=max(limit for limit, _ in self.windows))
            self._forget(now)
        else:
            self._calls.move_to_end(key)
        moment = self._moment(now, calls)
        calls.append(moment)
        return moment - now

    def _moment(self, now: float, calls: deque[float]) -> float:
        moment = max(now, calls[-1]) if calls else now
        for limit, seconds in self.windows:
            if len(calls) >= limit:
                moment = max(moment, calls[-limit] + seconds + _MARGIN)
        return moment

    def _forget(self, now: float) -> None:
        longest = max(seconds for _, seconds in self.windows)
        while len(self._calls) > 1:
            key, calls = next(iter(self._calls.items()))
            if calls[-1] + longest >= now and len(self._calls) <= _KEPT:
                return
            del self._calls[key]


class Line:
    """What can wait, such as digests: behind everybody else who calls, in order, and evenly, so that whoever comes finds room.

    It takes what the windows have left: neither less while nobody talks, nor more when many do.
    """

    def __init__(self, pacer: Pacer) -> None:
        limit, seconds = pacer.windows[0]
        self._pacer = pacer
        self._least = (seconds + _MARGIN) / limit
        self._gap = self._least
        self._next = 0.0
        self._first = asyncio.Lock()

    def among(self, replicas: int) -> None:
        """The limit holds for all replicas together; each takes an even share."""
        self._gap = self._least if replicas < 2 else self._least * replicas / OTHERS

    async def wait(self, key: str) -> None:
        """As `Pacer.wait`. Nothing is reserved ahead: a call of somebody who waits goes before all that stand here."""
        async with self._first:
            while (delay := self.delay(key)) > 0:
                await self._pacer.sleep(delay)
            self._next = max(self._next, self._pacer.now() - self._gap) + self._gap
            self._pacer.reserve(key)

    def delay(self, key: str) -> float:
        return max(self._pacer.delay(key), self._next - self._pacer.now())


class Gaps:
    """When the last request of a kind ended in each conversation: a new answer keeps its distance from the one before it."""

    def __init__(self) -> None:
        self._ended: OrderedDict[str, float] = OrderedDict()

    async def keep(self, key: str, seconds: float) -> None:
        """Returns when the last one is so long ago."""
        ended = self._ended.get(key)
        if ended is not None:
            await asyncio.sleep(max(0.0, ended + seconds - asyncio.get_running_loop().time()))

    def end(self, key: str) -> None:
        self._ended[key] = asyncio.get_running_loop().time()
        self._ended.move_to_end(key)
        if len(self._ended) > _KEPT:
            self._ended.popitem(last=False)
