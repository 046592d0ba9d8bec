"""A token store that remembers, with the same versions the real one keeps."""


class MemoryStore:
    """Two `SignIn`s on one of these are two replicas."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[bytes, int]] = {}
        self.saves = 0

    async def load(self, person_id: str) -> tuple[bytes | None, int]:
        return self.rows.get(person_id, (None, 0))

    async def save(self, person_id: str, data: bytes, version: int) -> bool:
        if self.rows.get(person_id, (b"", 0))[1] != version:
            return False
        self.rows[person_id] = (data, version + 1)
        self.saves += 1
        return True

    async def delete(self, person_id: str) -> None:
        self.rows.pop(person_id, None)
