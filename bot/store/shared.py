"""What all stores read or write at the same moment goes into one transaction: it costs one flush and one change of threads.

A turn's end alone has five small writes of five stores (a call's row, transcript, announcement, answer, the end of its row).
"""

from collections.abc import Awaitable, Callable, Sequence
from enum import IntEnum
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection

from bot.store.errors import RolledBack
from bot.store.together import Together

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST = 512
"""Items of one transaction, of all stores together."""
AGAIN = 2
"""Tries more, after another process was in the way of a transaction and all of it was undone."""


class Rank(IntEnum):
    """In this order everybody touches the tables, so that no two processes wait for each other's rows.

    The counters come last: all processes add to the same ones, so they are locked for as short as can be.
    """

    KEYS = 0
    INBOX = 1
    REFERENCES = 2
    TRANSCRIPTS = 3
    ANSWERS = 4
    DIGESTS = 5
    SPENDING = 6
    RESERVATIONS = 7
    """After what was spent: a budget's stop counts every call that is over."""
    ANY = 9


class Transaction(Protocol):
    """`bot.store.database.Database.transaction`, for reading or for writing."""

    async def __call__(self, work: Callable[[Connection], dict[int, Any]]) -> dict[int, Any]: ...


class Lane(Generic[Item, Result]):
    """One kind of work; made by `Shared.lane`."""

    def __init__(
        self, shared: "Shared", run: Callable[[Connection, Sequence[Item]], Sequence[Result]], rank: Rank
    ) -> None:
        self._shared = shared
        self.run = run
        self.rank = rank

    def put(self, item: Item) -> Awaitable[Result]:
        """It has its place in the order when this returns, also if nobody ever waits for what it returns.

        What is put later is committed later, or in the same transaction. Errors as in `Database.transaction`.
        """
        return self._shared.put(self, item)

    async def __call__(self, item: Item) -> Result:
        """As `put`. Cancelling the caller does not undo what runs already."""
        return await self.put(item)


class Shared:
    """A fault of one item is told to its own caller only: then each runs in a transaction of its own."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._together = Together[tuple[Lane[Any, Any], Any], Any](self._run, most=MOST)
        self._nothing = self.lane(_nothing)

    def lane(
        self, run: Callable[[Connection, Sequence[Item]], Sequence[Result]], rank: Rank = Rank.ANY
    ) -> Lane[Item, Result]:
        """`run` gets the items of its lane in the order they came, and returns one result for each."""
        return Lane(self, run, rank)

    def put(self, lane: Lane[Item, Result], item: Item) -> Awaitable[Result]:
        """For `Lane.put`."""
        return self._together.put((lane, item))

    async def settled(self) -> None:
        """Returns when all that was put before is committed, or has failed. Raises `StoreUnavailable`."""
        if self._together.busy:
            await self._nothing(None)

    async def _run(self, group: Sequence[tuple[Lane[Any, Any], Any]]) -> Sequence[Any]:
        lanes: dict[Lane[Any, Any], list[int]] = {}
        for number, (lane, _) in enumerate(group):
            lanes.setdefault(lane, []).append(number)
        ordered = sorted(lanes.items(), key=lambda one: one[0].rank)

        def work(connection: Connection) -> dict[int, Any]:
            results: dict[int, Any] = {}
            for lane, numbers in ordered:
                results.update(zip(numbers, lane.run(connection, [group[n][1] for n in numbers]), strict=True))
            return results

        results = await self._transact(work)
        return [results[number] for number in range(len(group))]

    async def _transact(self, work: Callable[[Connection], dict[int, Any]]) -> dict[int, Any]:
        for _ in range(AGAIN):
            try:
                return await self._transaction(work)
            except RolledBack:
                continue
        return await self._transaction(work)


def _nothing(connection: Connection, items: Sequence[None]) -> Sequence[None]:
    del connection
    return items
