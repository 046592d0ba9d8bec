"""What the engine gives to whoever composes a digest, and what it gets back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.context import Outgoing, Person, Reference
from bot.services import Services
from bot.store.runs import Record, Run
from bot.store.subscriptions import Subscription


@dataclass(frozen=True, slots=True)
class Work:
    """One run to be composed. `services.now` is the time it is composed at."""

    subscription: Subscription
    run: Run
    here: Reference
    """Where it will be sent to; its person is the owner."""
    cursors: Mapping[str, Any]
    """By source, as of the last delivered digest; empty for the first one."""
    since: float | None
    """When the last digest was due that was delivered, seconds since 1970; None for the first one."""
    services: Services

    @property
    def batch(self) -> Mapping[str, Any] | None:
        """What an earlier look at this run handed in to a vendor; None when there is nothing."""
        return (self.run.content or {}).get("batch")

    @property
    def person(self) -> Person:
        """The owner, with whose rights everything is read."""
        return self.here.person


@dataclass(frozen=True, slots=True)
class Composed:
    """`outgoing` None: nothing to say, and the owner wants silence then."""

    outgoing: Outgoing | None
    cursors: Mapping[str, Any] = field(default_factory=dict)
    """JSON by source: how far it is told. They advance when the digest was delivered, or was empty."""
    record: Record = field(default_factory=Record)
    cost: int | None = None
    """Millionths of a US dollar; None: what the audit says of the run."""
    items: Sequence[Mapping[str, Any]] = ()
    """JSON of what its owner may steer by (`bot.digests.steering.item_to_json`), in the order it is shown."""


Compose = Callable[[Work], Awaitable[Composed]]
"""Raises `Later`, `NotNow`, `graph.errors.SignInNeeded`; anything else is a failure that is tried again and then told."""


class Later(Exception):
    """Something it can't do without does not work now. `why` is a key of `[digest_notice]`, told when trying again did not help."""

    def __init__(self, why: str, seconds: float = 60.0) -> None:
        super().__init__(why)
        self.why = why
        self.seconds = seconds


class Waits(Exception):
    """A vendor's batch works on it. `batch`: JSON the run's row remembers until then."""

    def __init__(self, batch: Mapping[str, Any], seconds: float) -> None:
        super().__init__("a batch")
        self.batch = batch
        self.seconds = seconds


class NotNow(Exception):
    """It may not be made any more until somebody changes something: the subscription is paused. `why`: as in `Later`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
