"""Calls at the same time of which none outlives the others: when one fails, the rest is ended before the failure is told.

`asyncio.gather` alone lets them run on: calls for a question that is over, in nobody's account.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

One = TypeVar("One")
Other = TypeVar("Other")


async def every(works: Iterable[Awaitable[One]]) -> list[One]:
    """Results in order. Raises the first failure."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        await ended(*tasks)


async def both(one: Awaitable[One], other: Awaitable[Other]) -> tuple[One, Other]:
    """As `every`, for two of different kinds."""
    first, second = asyncio.ensure_future(one), asyncio.ensure_future(other)
    try:
        return await asyncio.gather(first, second)
    finally:
        await ended(first, second)


async def ended(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
