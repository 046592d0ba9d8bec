"""What several queries of one turn need is asked for once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from graph.together import ended

Key = TypeVar("Key")
Value = TypeVar("Value")


class Once(Generic[Key, Value]):
    """Answers by key. Who asks while an answer is on its way waits for it; a failure is not remembered."""

    def __init__(self) -> None:
        self._asked: dict[Key, asyncio.Task[Value]] = {}
        self._waiting: Counter[Key] = Counter()

    async def get(self, key: Key, ask: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """Raises what `ask` raises. Who stops waiting ends it for nobody else; with the last one it ends."""
        task = self._asked.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._asked[key] = asyncio.create_task(ask())
        self._waiting[key] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key] and not task.done():
                await ended(task)
