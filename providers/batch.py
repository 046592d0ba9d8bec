"""Work that can wait, at half the price: many requests handed in at once, their answers fetched by id within a day.

Anthropic's Message Batches and OpenAI's Batch API behind one type. Who may be asked is decided before anything is handed in.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, Protocol, TypeVar

from providers.base import Provider, Request, Response
from providers.errors import BadRequest, Cancelled, ConfigurationError, Expired, Incomplete, ProviderError

MOST = 50_000
"""Requests in one batch: OpenAI's limit, https://developers.openai.com/api/docs/guides/batch; Anthropic takes more."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Entry(Generic[C]):
    """`id` is the caller's, `[A-Za-z0-9_-]{1,64}`, unique in its batch. `caller`: who it is asked for, as the check knows people."""

    id: str
    request: Request
    caller: C


Check = Callable[[Sequence[Entry[C]]], Awaitable[None]]
"""Raises when any of these may not be asked; then nothing is handed in."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What has to be kept to fetch the answers, also after a restart. All of it is JSON."""

    door: str
    model: str
    batch: str
    """The vendor's id."""
    ids: tuple[str, ...]


Ending = Literal["", "completed", "expired", "cancelled", "failed"]
_LOST: Mapping[str, type[ProviderError]] = {"expired": Expired, "cancelled": Cancelled}


@dataclass(frozen=True, slots=True)
class Progress:
    ending: Ending = ""
    """Empty while it is worked on. Whatever the ending, there may be results; of a failed one the vendor took no request."""
    answered: int = 0
    failed: int = 0
    waiting: int = 0
    expires: datetime | None = None
    """Aware. What is not answered by then never will be."""


Result = Response | ProviderError
"""`Expired` and `Cancelled` are among the errors: a batch may end with some of its requests answered."""


class Batches(Protocol):
    """One vendor's interface, behind a door that has it. Everything raises `ProviderError`."""

    async def submit(self, requests: Mapping[str, Request]) -> str:
        """The batch's id. Never tried again by itself: a second one would be paid for, too."""
        ...

    async def look(self, batch: str) -> Progress: ...

    def results(self, batch: str, asked: Mapping[str, Request]) -> AsyncIterator[tuple[str, Result]]:
        """Those the vendor has, in any order. `asked`: where the request is known, its answer goes into a transcript whole."""
        ...

    async def cancel(self, batch: str) -> None:
        """Asks for it; what is being worked on may still be answered."""
        ...

    async def forget(self, batch: str) -> None:
        """Deletes what the vendor keeps of it."""
        ...


class Batch:
    """One batch that was handed in."""

    def __init__(self, batches: Batches, ticket: Ticket) -> None:
        self._batches = batches
        self.ticket = ticket

    @classmethod
    async def submit(cls, provider: Provider, entries: Sequence[Entry[C]], check: Check[C]) -> "Batch":
        """Raises what `check` raises, `ConfigurationError` behind a door without batches, `BadRequest`, `ProviderError`."""
        batches = of(provider)
        ids = tuple(entry.id for entry in entries)
        if not 0 < len(ids) <= MOST or len(set(ids)) != len(ids) or not all(map(_ID.fullmatch, ids)):
            raise BadRequest(f"A batch takes 1 to {MOST} requests with different ids of letters, digits, _ and -.")
        await check(entries)
        batch = await batches.submit({entry.id: entry.request for entry in entries})
        return cls(batches, Ticket(provider.door, provider.model, batch, ids))

    @classmethod
    def again(cls, provider: Provider, ticket: Ticket) -> "Batch":
        """The same one, after a restart. Raises `ConfigurationError` when the provider is another one now."""
        if (provider.door, provider.model) != (ticket.door, ticket.model):
            raise ConfigurationError(f"This batch was handed in to {ticket.door}:{ticket.model}.")
        return cls(of(provider), ticket)

    async def poll(self) -> Progress:
        return await self._batches.look(self.ticket.batch)

    async def results(self, asked: Mapping[str, Request] | None = None) -> dict[str, Result]:
        """One for every id, of a batch that has ended. Raises `ProviderError` when they cannot be fetched (now)."""
        ids = set(self.ticket.ids)
        found = {id: one async for id, one in self._batches.results(self.ticket.batch, asked or {}) if id in ids}
        if missing := ids - found.keys():
            lost = _LOST.get((await self.poll()).ending, Incomplete)
            found |= {id: lost("The batch ended without an answer to this.") for id in missing}
        return found

    async def cancel(self) -> None:
        await self._batches.cancel(self.ticket.batch)

    async def forget(self) -> None:
        await self._batches.forget(self.ticket.batch)


def of(provider: Provider) -> Batches:
    """Raises `ConfigurationError` with a sentence when the door has none."""
    found: Batches | None = getattr(provider, "batches", None)
    if found is None:
        raise ConfigurationError(f"The door {provider.door!r} has no batches.")
    return found
