"""What many turns read or write at the same moment, done together: one transaction and one flush instead of one each."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from bot.store.database import StoreUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")


class Together(Generic[Item, Result]):
    """`run` gets items in the order they came, at most `most` at once, and returns one result for each.

    The first item runs alone and at once; those that come while it runs are the next group. When `run` fails for a
    group, each item runs on its own, so that one item's fault is told to its own caller only.
    """

    def __init__(self, run: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], *, most: int = 256) -> None:
        self._run = run
        self._most = most
        self._queue: deque[tuple[Item, asyncio.Future[tuple[Result] | BaseException]]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Result:
        """Raises what `run` raises. Cancelling the caller does not undo what runs already."""
        # Resolves to a failure instead of raising it, since a cancelled caller never looks.
        done: asyncio.Future[tuple[Result] | BaseException] = asyncio.get_running_loop().create_future()
        self._queue.append((item, done))
        if self._running is None:
            self._running = asyncio.create_task(self._drain(), name="together")
        outcome = await done
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome[0]

    async def _drain(self) -> None:
        try:
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(len(self._queue), self._most))]
                await self._settle(group)
        finally:
            self._running = None

    async def _settle(self, group: list[tuple[Item, "asyncio.Future[tuple[Result] | BaseException]"]]) -> None:
        (results,) = await asyncio.gather(self._run([item for item, _ in group]), return_exceptions=True)
        if not isinstance(results, BaseException):
            for (_, done), result in zip(group, results, strict=True):
                if not done.done():
                    done.set_result((result,))
        elif len(group) == 1 or isinstance(results, StoreUnavailable):
            for _, done in group:
                if not done.done():
                    done.set_result(results)
        else:
            for one in group:
                await self._settle([one])
