"""What may be used only once during a sign-in, by whichever replica sees it first: browser states and six-digit codes."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from bot.signin.token_store import TokenStore, changed

SECONDS = 600
STATES_MOST = 5
TRIES = 5

Result = TypeVar("Result")


class Once:
    """One small row a person beside the token cache, so that nothing grows with visits."""

    def __init__(self, store: TokenStore, *, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    async def add_state(self, person_id: str, state: str) -> None:
        """Several are good at a time: link scanners open links too, and must not spoil the person's own visit."""

        def change(row: dict[str, Any]) -> None:
            states = row["states"]
            states[_hash(state)] = self._clock() + SECONDS
            for oldest in sorted(states, key=states.__getitem__)[:-STATES_MOST]:
                del states[oldest]

        await self._change(person_id, change)

    async def take_state(self, person_id: str, state: str) -> bool:
        return await self._change(person_id, lambda row: row["states"].pop(_hash(state), None) is not None)

    async def new_code(self, person_id: str) -> str:
        """Six digits; the one before is void."""
        code = f"{secrets.randbelow(1_000_000):06d}"
        await self._change(
            person_id, lambda row: row.update(code={"is": code, "until": self._clock() + SECONDS, "tries": TRIES})
        )
        return code

    async def take_code(self, person_id: str, code: str) -> bool:
        """Five wrong tries make the code void."""

        def change(row: dict[str, Any]) -> bool:
            known = row.pop("code", None)
            if known is None:
                return False
            if hmac.compare_digest(known["is"].encode(), code.encode()):
                return True
            if known["tries"] > 1:
                row["code"] = {**known, "tries": known["tries"] - 1}
            return False

        return await self._change(person_id, change)

    async def forget(self, person_id: str) -> None:
        await self._store.delete(_row(person_id))

    async def _change(self, person_id: str, change: Callable[[dict[str, Any]], Result]) -> Result:
        def within(row: dict[str, Any]) -> Result:
            self._tidy(row)
            return change(row)

        return await changed(self._store, _row(person_id), within)

    def _tidy(self, row: dict[str, Any]) -> None:
        now = self._clock()
        row["states"] = {state: until for state, until in row.get("states", {}).items() if now < until}
        if "code" in row and now >= row["code"]["until"]:
            del row["code"]


def _row(person_id: str) -> str:
    return f"signin:{person_id}"


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
