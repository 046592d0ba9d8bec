"""How much of a document is read: an extractor asks often, stops when told, and says so."""

import time

MAX_CHARACTERS = 2_000_000


class Refused(Exception):
    """`reason` is one of `graph.extract.reasons`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Budget:
    """`seconds` of wall clock for the extractors that can stop half-way; those that cannot are killed by the parent."""

    def __init__(self, *, seconds: float, characters: int = MAX_CHARACTERS) -> None:
        self._until = time.monotonic() + seconds
        self._characters = characters
        self.truncated = False
        self.hidden = False
        """There was text that nobody sees; it is not in what was read."""

    def spent(self, characters: int = 0) -> bool:
        """Whether to stop here; `characters` is what there is so far."""
        if characters > self._characters or time.monotonic() > self._until:
            self.truncated = True
        return self.truncated

    def cut(self, text: str) -> str:
        if len(text) > self._characters:
            self.truncated = True
            return text[: self._characters]
        return text
