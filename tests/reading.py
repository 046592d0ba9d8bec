"""The children that read documents, the same for every app of a test process: starting them takes longer than most tests.

What is read and how is the product's; only who starts the children, and when, is not. What kills children starts its own.
"""

import asyncio
import atexit
import functools
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from graph.documents import Documents, Extracted, Picture

Value = TypeVar("Value")


class SharedDocuments(Documents):
    """For an app whose event loop will end before the children do."""

    async def warm(self) -> None:
        await _elsewhere(_reader().warm())

    async def read(self, data: bytes, name: str) -> Extracted:
        return await _elsewhere(_reader().read(data, name))

    async def picture(self, data: bytes) -> Picture:
        return await _elsewhere(_reader().picture(data))

    async def scan(self, data: bytes) -> tuple[list[Picture], int]:
        return await _elsewhere(_reader().scan(data))


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    """Runs until the process ends: children belong to the loop that started them."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="reading for all tests", daemon=True).start()
    return loop


@functools.cache
def _reader() -> Documents:
    reader = Documents()
    atexit.register(lambda: asyncio.run_coroutine_threadsafe(reader.aclose(), _loop()).result(10))
    return reader


async def _elsewhere(work: Coroutine[Any, Any, Value]) -> Value:
    """Cancelling it cancels the work."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, _loop()))
