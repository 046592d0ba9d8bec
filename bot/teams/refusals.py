"""Who may not be streamed to: remembered, so that the next answers do not begin with a refusal.

Teams refuses streaming for a person, a tenant, or because another stream is still open in the chat; it does not say which.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from bot.context import Reference
from bot.store.database import StoreError

FIRST_SECONDS = 300.0
"""After one refusal: a stream that a dead process left open is over by then (Teams ends it after two minutes)."""
AGAIN_SECONDS = 86_400.0
"""After the second one in a row: it is not about this moment."""
PEOPLE = 3
"""So many people refused and none accepted: it is the tenant."""
PREFERENCE = "streaming"
_KEPT = 10_000


class Kept(Protocol):
    """The preferences store."""

    async def get(self, owner: str, name: str) -> Any: ...

    async def set(self, owner: str, name: str, value: Any) -> None: ...


class Refusals:
    """One a process. `now` is seconds since 1970, since the memory outlives the process when `kept` is given."""

    def __init__(self, *, now: Callable[[], float], kept: Kept | None = None) -> None:
        self._now = now
        self._kept = kept
        self._until: OrderedDict[str, float] = OrderedDict()
        self._people: dict[str, set[str]] = {}

    async def refused(self, reference: Reference) -> bool:
        """Whether to do without streaming here."""
        tenant, person = f"tenant:{reference.tenant}", _owner(reference)
        now = self._now()
        return await self._known(tenant) > now or await self._known(person) > now

    async def happened(self, reference: Reference) -> None:
        """Streaming was refused to this person."""
        person, tenant = _owner(reference), f"tenant:{reference.tenant}"
        refused_before = await self._known(person) > 0
        await self._note(person, AGAIN_SECONDS if refused_before else FIRST_SECONDS, keep=refused_before)
        people = self._people.setdefault(tenant, set())
        people.add(person)
        if len(people) >= PEOPLE:
            people.clear()
            await self._note(tenant, AGAIN_SECONDS, keep=True)

    def worked(self, reference: Reference) -> None:
        """A stream was accepted: what was refused before was about that moment."""
        self._until[_owner(reference)] = 0.0
        self._people.pop(f"tenant:{reference.tenant}", None)

    def forget(self, person_id: str) -> None:
        self._until.pop(f"person:{person_id}", None)
        for people in self._people.values():
            people.discard(f"person:{person_id}")

    async def _known(self, owner: str) -> float:
        """Until when (0: never refused)."""
        if owner not in self._until:
            stored: Any = None
            if self._kept is not None:
                try:
                    stored = await self._kept.get(owner, PREFERENCE)
                except StoreError:
                    return 0.0
            until = stored.get("refused_until") if isinstance(stored, dict) else None
            self._remember(owner, float(until) if isinstance(until, int | float) else 0.0)
        return self._until.get(owner, 0.0)

    async def _note(self, owner: str, seconds: float, *, keep: bool) -> None:
        until = self._now() + seconds
        self._remember(owner, until)
        if keep and self._kept is not None:
            try:
                await self._kept.set(owner, PREFERENCE, {"refused_until": until})
            except StoreError:
                return

    def _remember(self, owner: str, until: float) -> None:
        self._until[owner] = until
        self._until.move_to_end(owner)
        if len(self._until) > _KEPT:
            self._until.popitem(last=False)


def _owner(reference: Reference) -> str:
    return f"person:{reference.person.id or reference.person.channel_id}"
