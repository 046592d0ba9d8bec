"""A token store that remembers, with the same versions the real one keeps."""

from bot.store.token_cache import StaleVersion


class MemoryStore:
    """Two `SignIn`s on one of these are two replicas."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[bytes, int]] = {}

    async def load(self, person_id: str) -> tuple[bytes, int]:
        return self.rows.get(person_id, (b"", 0))

    async def save(self, person_id: str, cache: bytes, version: int) -> int:
        if self.rows.get(person_id, (b"", 0))[1] != version:
            raise StaleVersion
        self.rows[person_id] = (cache, version + 1)
        return version + 1

    async def delete(self, person_id: str) -> None:
        self.rows.pop(person_id, None)
