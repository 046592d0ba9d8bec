"""Keeps calls away from a vendor that is failing: a circuit breaker for each model behind its door, shared by all turns.

Vendors' SDKs try again by themselves, each call for itself; where many calls fail at once that makes the trouble worse. Here
all calls to a model share one circuit and one budget of second tries. The state is this process's own: another replica finds
out for itself, at the price of a few failed calls.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from enum import Enum

from bot.routing.caller import Caller
from providers.base import Provider, Request, Response
from providers.errors import Incomplete, OutOfQuota, Overloaded, ProviderError, TimedOut, Transient

FAILURES = 5
WINDOW = 30.0
"""Seconds: so many failures within them open a circuit, if nothing worked between them or half of all calls failed."""
OPEN = 15.0
"""Seconds until one call may try whether the vendor is back. Recovery is noticed within a minute, whatever Retry-After says."""
LONGEST_REST = 60.0
"""Seconds of a vendor's Retry-After that we keep to; some vendors say hours."""
WORTH_WAITING = 10.0
"""Seconds somebody waits for a model that asked for a pause, should there be no other."""
FIRST_WORDS = 20.0
"""Seconds a model has to begin its answer while another one stands by."""
A_TRY = 0.1
"""Of a second try, earned by each call: a storm of 100 failing calls makes at most 15 more."""
MOST_TRIES = 10.0
FIRST_TRIES = 5.0
PAUSE = 0.5
"""Seconds before a second try, and up to as much again at random."""
FAILING = (Transient, Incomplete, OutOfQuota)
"""What speaks against the vendor; a wrong key or a bad request speaks against us."""
_ENDED = 1000
"""Calls whose end is remembered."""


class CircuitOpen(Overloaded):
    """Nothing was sent: the vendor failed too often a moment ago, or asked for a pause. `seconds`: until it is tried again."""


class State(Enum):
    CLOSED = "closed"
    RESTING = "resting"
    """The vendor asked for a pause."""
    OPEN = "open"
    PROBING = "probing"
    """One call tries whether the vendor is back."""


@dataclass(slots=True)
class Circuit:
    """Of one model behind one door. `now` gives seconds that only grow."""

    now: Callable[[], float]
    ended: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=_ENDED))
    """(when, whether it had worked), oldest first."""
    until: float | None = None
    """When an open circuit lets one call through; None while it is closed."""
    rest: float = 0.0
    """When the pause ends that the vendor asked for."""
    probing: bool = False
    tries: float = FIRST_TRIES

    @property
    def state(self) -> State:
        if self.until is None:
            return State.RESTING if self.now() < self.rest else State.CLOSED
        return State.PROBING if self.probing else State.OPEN

    @property
    def left(self) -> float:
        """Seconds until a call may pass; 0.0 when one may now."""
        if self.until is None:
            return max(0.0, self.rest - self.now())
        return max(0.0, self.until - self.now(), 1.0 if self.probing else 0.0)

    def enter(self) -> bool:
        """Whether this call is the one that tries. Raises `CircuitOpen`."""
        if left := self.left:
            raise CircuitOpen("The model is left alone for a moment: it failed, or asked for a pause.", seconds=left)
        self.probing = self.until is not None
        return self.probing

    def worked(self, *, probe: bool) -> None:
        """It began to answer. What began before the circuit opened says nothing of how things are now."""
        if probe:
            self.until, self.probing = None, False
            self.ended.clear()
        if self.until is None:
            self.ended.append((self.now(), True))

    def failed(self, error: ProviderError, *, probe: bool) -> None:
        now = self.now()
        self.rest = max(self.rest, now + _rest(error))
        self.ended.append((now, False))
        if probe:
            self.probing = False
        if probe or (self.until is None and self._too_often(now)):
            self.until = max(now + OPEN, self.rest)

    def left_alone(self, *, probe: bool) -> None:
        """The call ended without telling anything: somebody stopped it, or we were at fault."""
        if probe:
            self.probing = False

    def earn(self) -> None:
        """Once a call, whatever becomes of it."""
        self.tries = min(MOST_TRIES, self.tries + A_TRY)

    def may_try_again(self) -> bool:
        """Takes a second try from the budget when there is one."""
        if self.tries < 1.0:
            return False
        self.tries -= 1.0
        return True

    def _too_often(self, now: float) -> bool:
        while self.ended and self.ended[0][0] < now - WINDOW:
            self.ended.popleft()
        ends = [worked for _, worked in self.ended]
        return ends.count(False) >= FAILURES and (True not in ends[-FAILURES:] or 2 * ends.count(False) >= len(ends))


def _rest(error: ProviderError) -> float:
    if isinstance(error, OutOfQuota):
        return LONGEST_REST  # asking again does not help; whether somebody paid is seen once a minute
    return min(error.seconds or 0.0, LONGEST_REST) if isinstance(error, Transient) else 0.0


class Circuits:
    """All circuits of a process; calling it makes a `bot.routing.caller.Step`."""

    def __init__(self, now: Callable[[], float], *, pause: float = PAUSE, first_words: float = FIRST_WORDS) -> None:
        self.pause, self.first_words = pause, first_words
        self._now = now
        self._circuits: dict[tuple[str, str], Circuit] = {}

    def of(self, provider: Provider) -> Circuit:
        key = (provider.door, provider.model)
        if key not in self._circuits:
            self._circuits[key] = Circuit(self._now)
        return self._circuits[key]

    def __call__(self, inner: Provider, caller: Caller) -> Provider:
        return _Guarded(inner, caller, self)


class _Guarded:
    def __init__(self, inner: Provider, caller: Caller, circuits: Circuits) -> None:
        self.door, self.model, self.images = inner.door, inner.model, inner.images
        self._inner, self._circuits = inner, circuits
        self._circuit = circuits.of(inner)
        self._others = caller.others

    async def stream(self, request: Request) -> AsyncGenerator[str | Response]:
        """As the inner provider's. Raises `CircuitOpen` besides.

        A call that fails before its first words is made once more where no other model stands by, within the budget.
        """
        try:
            probe = self._circuit.enter()
        except CircuitOpen as error:
            seconds = error.seconds or 0.0
            if self._others or self._circuit.state is not State.RESTING or seconds > WORTH_WAITING:
                raise
            await asyncio.sleep(seconds + self._some(self._circuits.pause))
            probe = self._circuit.enter()
        self._circuit.earn()
        for last in (False, True):
            began = False
            pieces = self._once(request, probe=probe)
            try:
                async for piece in pieces:
                    began = True
                    yield piece
            except (Transient, Incomplete) as error:
                wait = (error.seconds if isinstance(error, Transient) else None) or self._circuits.pause
                if began or last or self._others or wait > WORTH_WAITING or not self._circuit.may_try_again():
                    raise
                await asyncio.sleep(wait + self._some(self._circuits.pause))
                probe = self._entered_again(error)
            else:
                return
            finally:
                await pieces.aclose()

    def _entered_again(self, error: ProviderError) -> bool:
        """What it failed of says more than that it is left alone since."""
        try:
            return self._circuit.enter()
        except CircuitOpen:
            raise error from None

    async def _once(self, request: Request, *, probe: bool) -> AsyncGenerator[str | Response]:
        pieces = aiter(self._inner.stream(request))
        told = False
        try:
            async with asyncio.timeout(self._circuits.first_words if self._others else None):
                first = await anext(pieces, None)
            if first is None:
                raise Incomplete("The model's answer ended before it began.")
            self._circuit.worked(probe=probe)
            told = True
            yield first
            async for piece in pieces:
                yield piece
        except FAILING as error:
            self._circuit.failed(error, probe=probe and not told)
            told = True
            raise
        except TimeoutError:
            late = TimedOut("The model did not begin its answer in time.")
            self._circuit.failed(late, probe=probe)
            told = True
            raise late from None
        finally:
            if not told:
                self._circuit.left_alone(probe=probe)
            # Whoever stops listening hangs up at once: the vendor charges for what nobody reads.
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()

    @staticmethod
    def _some(seconds: float) -> float:
        """So that those who wait do not all come back at once."""
        return random.random() * seconds  # noqa: S311 -- no secret

    async def aclose(self) -> None:
        await self._inner.aclose()
