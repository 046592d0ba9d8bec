"""The one place where the policy holds: every model call passes here, whatever it is for, before a byte of it leaves."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from bot.context import Person
from bot.policy.rules import Asker, NotPermitted, Policy
from bot.routing.caller import Caller
from providers.base import Evidence, Provider, Request, Response, ToolResult
from providers.batch import Check, Entry

log = logging.getLogger(__name__)

AskerOf = Callable[[Person], Awaitable[Asker]]


def place_of(caller: Caller) -> str:
    """In the policy's words."""
    return "digest" if caller.purpose == "digest" else caller.place.value


def labels_of(request: Request) -> frozenset[str]:
    """Of everything in it: what it was said to be made of, and of each passage, those a tool brought included."""
    parts = [part for message in request.messages for part in message.parts]
    parts += [inner for part in parts if isinstance(part, ToolResult) for inner in part.content]
    return request.labels.union(*(part.labels for part in parts if isinstance(part, Evidence)))


class Permitted:
    """A `bot.routing.caller.Step`, for all turns. `asker_of` tells who somebody is for the rules."""

    def __init__(self, policy: Policy, asker_of: AskerOf) -> None:
        self._policy = policy
        self._asker_of = asker_of

    def __call__(self, inner: Provider, caller: Caller) -> Provider:
        return _Guarded(inner, caller, self)

    def batch(self, door: str) -> Check[Caller]:
        """For `providers.batch.Batch.submit`: of a batch in which anything is forbidden nothing is handed in."""

        async def check(entries: Sequence[Entry[Caller]]) -> None:
            for entry in entries:
                await self.check(entry.request, entry.caller, door)

        return check

    async def check(self, request: Request, caller: Caller, door: str) -> None:
        """For whatever sends requests in another way than a stream. Raises `NotPermitted`."""
        asker = await self._asker_of(caller.person)
        refused = self._policy.permits(asker, place_of(caller), door, caller.model, labels_of(request))
        if refused is not None:
            log.info("a %s call of %s was refused by the rule %s", caller.purpose, caller.model, refused.rule)
            raise NotPermitted(refused.rule, caller.model)


class _Guarded:
    def __init__(self, inner: Provider, caller: Caller, step: Permitted) -> None:
        self.door, self.model, self.images = inner.door, inner.model, inner.images
        self._inner, self._caller, self._step = inner, caller, step

    async def stream(self, request: Request) -> AsyncGenerator[str | Response]:
        """As the inner provider's. Raises `NotPermitted` besides."""
        await self._step.check(request, self._caller, self.door)
        pieces = self._inner.stream(request)
        try:
            async for piece in pieces:
                yield piece
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()

    async def aclose(self) -> None:
        await self._inner.aclose()
