"""Who may call at the same time: Outlook takes four calls a mailbox at once, and a Retry-After holds for the whole mailbox."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from graph.errors import Throttled
from graph.wire.patience import Monotonic, Sleep

FILE_PATHS = ("/drives/", "/me/drive", "/shares/", "/sites/", "/groups/", "/users/")


class Lane:
    """At most `width` calls at once, none before `resume_at`."""

    def __init__(self, width: int, monotonic: Monotonic, sleep: Sleep) -> None:
        self._free = asyncio.Semaphore(width)
        self._monotonic, self._sleep = monotonic, sleep
        self._resume_at = 0.0

    def hold(self, seconds: float) -> None:
        self._resume_at = max(self._resume_at, self._monotonic() + seconds)

    @asynccontextmanager
    async def turn(self, deadline: float) -> AsyncIterator[None]:
        """Raises `Throttled` when the lane stays closed beyond `deadline`."""
        async with self._free:
            while (wait := self._resume_at - self._monotonic()) > 0:
                if self._resume_at > deadline:
                    raise Throttled("Microsoft Graph is busy for this account.", seconds=wait)
                await self._sleep(wait)
            yield


@dataclass(slots=True, weakref_slot=True)
class Lanes:
    """One person's lanes. Mail and files are throttled apart.

    Source: https://learn.microsoft.com/graph/throttling-limits (Outlook: 4 concurrent requests per app and mailbox)
    """

    mailbox: Lane
    files: Lane

    def of(self, path: str) -> Lane:
        return self.files if path.startswith(FILE_PATHS) else self.mailbox


@dataclass(slots=True)
class Everybody:
    """Lanes by person; forgotten when nobody holds that person's `Graph` any more."""

    width: int
    monotonic: Monotonic
    sleep: Sleep
    _lanes: WeakValueDictionary[str, Lanes] = field(default_factory=WeakValueDictionary)

    def lanes(self, person_id: str) -> Lanes:
        lanes = self._lanes.get(person_id)
        if lanes is None:
            lanes = Lanes(
                Lane(self.width, self.monotonic, self.sleep), Lane(2 * self.width, self.monotonic, self.sleep)
            )
            self._lanes[person_id] = lanes
        return lanes
