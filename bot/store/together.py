"""What many turns read or write at the same moment, done together: one transaction and one flush instead of one each."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Generic, TypeVar

from bot.store.errors import StoreUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")
_Result = TypeVar("_Result", covariant=True)


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

    def put(self, item: Item) -> Awaitable[Result]:
        """The item is in the queue when this returns; awaiting it raises what `run` raises, once."""
        # Resolves to a failure instead of raising it, since a cancelled caller never looks.
        done: asyncio.Future[tuple[Result] | BaseException] = asyncio.get_running_loop().create_future()
        self._queue.append((item, done))
        if self._running is None:
            self._running = asyncio.create_task(self._drain(), name="together")
        return _Outcome(done)

    async def __call__(self, item: Item) -> Result:
        """As `put`. Cancelling the caller does not undo what runs already."""
        return await self.put(item)

    @property
    def busy(self) -> bool:
        """Whether there is an item that is not done."""
        return self._running is not None

    async def _drain(self) -> None:
        try:
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(len(self._queue), self._most))]
                await self._settle(group)
        finally:
            self._running = None

    async def _settle(self, group: list[tuple[Item, "asyncio.Future[tuple[Result] | BaseException]"]]) -> None:
        try:
            results = await self._run([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 -- whoever put the item is told, whatever it is
            if len(group) == 1 or isinstance(error, StoreUnavailable):
                for _, done in group:
                    if not done.done():
                        done.set_result(error)
                return
        else:
            for (_, done), result in zip(group, results, strict=True):
                if not done.done():
                    done.set_result((result,))
            return
        for one in group:
            await self._settle([one])


class _Outcome(Generic[_Result]):
    """A coroutine in its place would complain when nobody waits for it."""

    __slots__ = ("_done",)

    def __init__(self, done: "asyncio.Future[tuple[_Result] | BaseException]") -> None:
        self._done = done

    def __await__(self) -> Generator[Any, None, _Result]:
        outcome = yield from self._done.__await__()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome[0]
