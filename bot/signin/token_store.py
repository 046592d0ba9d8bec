"""What sign-in asks of the place that keeps its grants."""

from typing import Protocol


class TokenStore(Protocol):
    """Encrypted at rest by whoever implements it (bot.store.token_cache); several processes share it."""

    async def load(self, person_id: str, /) -> tuple[bytes, int]:
        """What was saved and its version; (b"", 0) when there is nothing."""
        ...

    async def save(self, person_id: str, cache: bytes, version: int, /) -> int:
        """The new version. Raises bot.store.token_cache.StaleVersion unless the version is still the one that was loaded."""
        ...

    async def delete(self, person_id: str, /) -> None: ...
