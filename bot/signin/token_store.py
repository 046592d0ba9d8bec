"""What sign-in asks of the place that keeps its grants."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from bot.store.token_cache import StaleVersion

Result = TypeVar("Result")


class TokenStore(Protocol):
    """Encrypted at rest by whoever implements it (bot.store.token_cache); several processes share it."""

    async def load(self, person_id: str, /) -> tuple[bytes, int]:
        """What was saved and its version; (b"", 0) when there is nothing."""
        ...

    async def save(self, person_id: str, cache: bytes, version: int, /) -> int:
        """The new version. Raises bot.store.token_cache.StaleVersion unless the version is still the one that was loaded."""
        ...

    async def delete(self, person_id: str, /) -> None: ...


class Apart:
    """A `TokenStore` within another one: what is kept here for a person is nobody else's, and touches nothing of theirs there."""

    def __init__(self, store: TokenStore, prefix: str) -> None:
        self._store, self._prefix = store, prefix

    async def load(self, person_id: str) -> tuple[bytes, int]:
        return await self._store.load(self._prefix + person_id)

    async def save(self, person_id: str, cache: bytes, version: int) -> int:
        return await self._store.save(self._prefix + person_id, cache, version)

    async def delete(self, person_id: str) -> None:
        await self._store.delete(self._prefix + person_id)


async def changed(store: TokenStore, key: str, change: Callable[[dict[str, Any]], Result]) -> Result:
    """Changes a small JSON object beside the grants in place; `change` runs again when another process was first."""
    while True:
        data, version = await store.load(key)
        row: dict[str, Any] = json.loads(data) if data else {}
        result = change(row)
        with suppress(StaleVersion):
            await store.save(key, json.dumps(row).encode(), version)
            return result
