"""When to ask again: Graph's own Retry-After first, and never twice for a write whose fate is unknown."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

REFUSED = frozenset({429})
BUSY = frozenset({503, 504})
FAILED = frozenset({500, 502})
TRIES_AFTER_FAILURE = 2
TRIES_WHEN_BUSY = 6

Monotonic = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One failed try. `status` 0 is a broken connection; `sent` says whether the request can have arrived."""

    status: int
    retry_after: float | None = None
    sent: bool = True

    @property
    def kind(self) -> str:
        """Failures are counted apart: a busy service does not use up the tries for a broken one."""
        busy = self.status in REFUSED | BUSY or (self.status == 0 and not self.sent)
        return "busy" if busy else "failed"


def pause(outcome: Outcome, *, safe: bool, tries: int) -> float | None:
    """Seconds until the next try, or None for no further one.

    `tries` counts failures of this kind so far. `safe` (RFC 9110 9.2.1): the request changes nothing.

    Source: https://learn.microsoft.com/graph/throttling (wait Retry-After exactly; without it, back off exponentially)
    """
    if outcome.status in REFUSED or (outcome.status == 0 and not outcome.sent):
        allowed = TRIES_WHEN_BUSY
    elif not safe:
        return None
    elif outcome.status in BUSY:
        allowed = TRIES_WHEN_BUSY
    elif outcome.status in FAILED or outcome.status == 0:
        allowed = TRIES_AFTER_FAILURE
    else:
        return None
    if tries > allowed:
        return None
    if outcome.retry_after is not None:
        return outcome.retry_after
    base: float = 0.25 * 2.0 ** (tries - 1)
    return base + base * secrets.randbelow(1000) / 1000
