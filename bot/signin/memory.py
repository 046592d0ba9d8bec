"""Access tokens in memory, so that a message costs no query and no request to Entra."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.signin.claims import scope_names
from graph.errors import Throttled

FRESH_SECONDS = 300.0
STORE_CHECK_SECONDS = 60.0
SAME_CHALLENGE_SECONDS = 60.0
CLOCK_SECONDS = 60.0
"""Of a clock that is put back by less, nobody notices."""
PEOPLE_IN_MEMORY = 20_000


@dataclass(frozen=True, slots=True)
class Token:
    value: str = field(repr=False)
    scopes: frozenset[str]
    """What was asked for and what Entra says it granted, comparable (`claims.scope_names`)."""
    expires: float
    claims: str | None
    """The challenge this token answered."""
    obtained: float


@dataclass(slots=True)
class Held:
    """What this process knows about one person. Times are seconds since the epoch."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    tokens: dict[frozenset[str], Token] = field(default_factory=dict[frozenset[str], Token])
    checked: float = 0.0
    """When the store last confirmed that the person is still signed in."""
    wait_until: float = 0.0
    """Entra asked for patience until then."""

    def good(self, wanted: frozenset[str], now: float, claims: str | None = None) -> Token | None:
        """A token with at least five minutes left. One that answered the same challenge a moment ago answers it again:

        twenty calls that were challenged together need one new token, not twenty. One that we got later than now is from before our
        clock was put right, and so is what it says about its end.
        """
        for token in self.tokens.values():
            if now < token.obtained - CLOCK_SECONDS:
                continue
            answers = claims is None or (token.claims == claims and now < token.obtained + SAME_CHALLENGE_SECONDS)
            if answers and wanted <= token.scopes and now < token.expires - FRESH_SECONDS:
                return token
        return None

    def remember(
        self, result: Mapping[str, Any], now: float, claims: str | None = None, asked: tuple[str, ...] = ()
    ) -> Token:
        """From MSAL's answer. A token that answered a challenge replaces all others: they would be challenged too."""
        granted = scope_names(tuple(str(result.get("scope", "")).split())) | scope_names(asked)
        token = Token(str(result["access_token"]), granted, now + float(result.get("expires_in", 0)), claims, now)
        if claims is not None:
            self.tokens.clear()
        self.tokens[granted] = token
        self.checked = now
        return token

    def forget(self) -> None:
        self.tokens.clear()
        self.checked = 0.0

    def require_patience(self, now: float) -> None:
        """Raises graph.errors.Throttled while Entra's Retry-After lasts."""
        if now < self.wait_until:
            raise Throttled("Microsoft's sign-in service asked us to wait.", seconds=self.wait_until - now)


class People:
    """Everybody's `Held`, bounded: whoever was first remembered and is idle makes room."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}

    def find(self, person_id: str) -> Held | None:
        return self._held.get(person_id)

    def forget(self, person_id: str) -> None:
        """Erased. Who works on their token just now keeps it to the end of that call."""
        held = self._held.pop(person_id, None)
        if held is not None:
            held.forget()

    def hold(self, person_id: str) -> Held:
        held = self._held.get(person_id)
        if held is None:
            if len(self._held) >= PEOPLE_IN_MEMORY:
                idle = next((id for id, other in self._held.items() if not other.lock.locked()), None)
                self._held.pop(idle or "", None)
            held = self._held[person_id] = Held()
        return held
