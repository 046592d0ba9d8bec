"""Time that flies while nothing happens, so that minutes of a conversation with the product's own rhythm pass in seconds.

While code runs, time runs as usual: a busy machine stretches nothing.
"""

import asyncio
import selectors
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from infra.local.world import Clock


class _Hurried(selectors.BaseSelector):
    """Waits `speed` times shorter than it is asked to, and counts what it saved."""

    def __init__(self, speed: float) -> None:
        self._inner = selectors.DefaultSelector()
        self._speed = speed
        self.saved = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        began = time.monotonic()
        ready = self._inner.select(timeout / self._speed if timeout and timeout > 0 else timeout)
        self.saved += (time.monotonic() - began) * (self._speed - 1)
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._inner.get_map()

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._inner.get_key(fileobj)

    def close(self) -> None:
        self._inner.close()


class HurriedLoop(asyncio.SelectorEventLoop):
    def __init__(self, speed: float) -> None:
        self._hurried = _Hurried(speed)
        super().__init__(self._hurried)

    def time(self) -> float:
        return time.monotonic() + self._hurried.saved

    def jump(self, seconds: float) -> None:
        """As if so much time had passed; what was to happen meanwhile happens now."""
        self._hurried.saved += seconds


class LoopClock(Clock):
    """The local tenant's clock in the time of its loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self._began = time.time() - loop.time()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._began + self._loop.time(), UTC) + self._offset


class _Leaping(_Hurried):
    """Does not wait at all."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._inner.select(0)
        if not ready and timeout and timeout > 0:
            self.saved += timeout
        return ready


class LeapingLoop(asyncio.SelectorEventLoop):
    """For what does nothing but wait: its time is what was waited for, so that every run is the same."""

    def __init__(self) -> None:
        self._leaping = _Leaping(1.0)
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.saved
