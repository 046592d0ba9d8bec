"""Texts of files that were read before, by content: popular files are read by many people, and reading costs seconds.

Who asks for a text here already holds the file's bytes, so nobody learns more than Graph gave them.
"""

import hashlib
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """At most `size` characters in all, least recently used first out. Lives in memory only."""

    def __init__(self, size: int = 16_000_000) -> None:
        self._room = self._size = size
        self._known: OrderedDict[bytes, tuple[int, T]] = OrderedDict()

    def get(self, key: bytes) -> T | None:
        if key not in self._known:
            return None
        self._known.move_to_end(key)
        return self._known[key][1]

    def clear(self) -> None:
        self._known.clear()
        self._room = self._size

    def put(self, key: bytes, value: T, characters: int) -> None:
        if characters > self._size // 8 or key in self._known:
            return
        self._known[key] = (characters, value)
        self._room -= characters
        while self._room < 0:
            _, (freed, _) = self._known.popitem(last=False)
            self._room += freed


def content_key(data: bytes, name: str) -> bytes:
    return hashlib.sha256(name.encode(errors="replace") + b"\0" + data).digest()
