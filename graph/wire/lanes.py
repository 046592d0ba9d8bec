"""Who may call at the same time: Outlook takes four calls a mailbox at once, and a Retry-After holds for the whole mailbox."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from graph.errors import Throttled
from graph.wire.patience import Monotonic, Sleep

TEAMS_AREAS = frozenset({"teams", "chats", "joinedteams", "onlinemeetings"})
FILE_AREAS = frozenset({"drives", "drive", "shares", "sites"})


class Lane:
    """At most `width` calls at once, none before `resume_at`."""

    def __init__(self, width: int, monotonic: Monotonic, sleep: Sleep) -> None:
        self.width = width
        self._free, self._entrance = asyncio.Semaphore(width), asyncio.Lock()
        self._monotonic, self._sleep = monotonic, sleep
        self._resume_at = 0.0

    def hold(self, seconds: float) -> None:
        self._resume_at = max(self._resume_at, self._monotonic() + seconds)

    @asynccontextmanager
    async def turn(self, deadline: float, calls: int = 1) -> AsyncIterator[None]:
        """`calls`: how many Graph makes of it at once, as of a batch. Raises `Throttled` when the lane stays closed beyond `deadline`."""
        taken = 0
        try:
            async with self._entrance:  # one at a time: two that each held half of the lane would wait for ever
                for _ in range(min(calls, self.width)):
                    await self._free.acquire()
                    taken += 1
            while (wait := self._resume_at - self._monotonic()) > 0:
                if self._resume_at > deadline:
                    raise Throttled("Microsoft Graph is busy for this account.", seconds=wait)
                await self._sleep(wait)
            yield
        finally:
            for _ in range(taken):
                self._free.release()


@dataclass(slots=True, weakref_slot=True)
class Lanes:
    """One person's lanes: services that are throttled apart wait apart. Only calls into the mailbox count for its four.

    Source: https://learn.microsoft.com/graph/throttling-limits (Outlook: 4 concurrent requests per app and mailbox)
    """

    mailbox: Lane
    files: Lane
    teams: Lane
    search: Lane
    directory: Lane

    def of(self, path: str) -> Lane:
        """By a path below the version; an area that is not known counts as the mailbox's, the narrowest."""
        parts = path.strip("/").casefold().split("/")
        area = parts[0]
        if area == "me" or (area == "users" and len(parts) > 2):
            area = parts[1 if area == "me" else 2] if len(parts) > 1 else "users"
        if area in FILE_AREAS:
            return self.files
        if area in TEAMS_AREAS:
            return self.teams
        if area in {"search", "copilot"}:
            return self.search
        if area in {"users", "groups", "manager", "directreports", "planner", "memberof", "transitivememberof"}:
            return self.directory
        return self.mailbox

    def of_batch(self, paths: Sequence[str]) -> Lane:
        """A batch of one kind goes with its kind; a mixed one with the mailbox."""
        lanes = {id(lane): lane for lane in map(self.of, paths)}
        return next(iter(lanes.values())) if len(lanes) == 1 else self.mailbox


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
            wide = (Lane(2 * self.width, self.monotonic, self.sleep) for _ in range(4))
            lanes = Lanes(Lane(self.width, self.monotonic, self.sleep), *wide)
            self._lanes[person_id] = lanes
        return lanes
