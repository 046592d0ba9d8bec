"""What goes on beside the messages: what is loaded late, and what is deleted when its time has come."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack

import httpx  # noqa: F401 -- loaded half, in the thread that warms Graph's client, it makes OpenAI's SDK fail in every call meanwhile

from bot.store.database import Database
from bot.store.erasures import Erasures
from bot.store.forgetting import Forget
from bot.store.retention import Retention, sweep_for_ever
from bot.watched import Watched
from graph.client import GraphClient
from graph.errors import GraphError
from providers.base import Provider
from providers.errors import ProviderError
from providers.listing import Standing

log = logging.getLogger(__name__)


LIST_SECONDS = 30.0
"""How long a vendor's list of models is waited for."""


def beside(
    stack: AsyncExitStack,
    database: Database,
    graph: GraphClient,
    *,
    retention: Retention,
    forget: Iterable[Forget],
    models: Mapping[str, Provider],
) -> asyncio.Task[None]:
    """Starts it all, to be ended by the stack; returns the one task that ends by itself: everything is loaded.

    `models`: those whose vendors are asked what they can do. `forget`: drop from memory what it holds of somebody.
    """
    for one in forget:
        database.forgetting.add(one)
    sweep = sweep_for_ever(retention.sweep, "what was kept long enough")
    for name, work in (("sweeping", sweep), ("looking for erasures", Erasures(database).watch())):
        stack.push_async_callback(cancelled, asyncio.create_task(work, name=name))
    warming = asyncio.create_task(_warm(graph), name="warming")
    stack.push_async_callback(cancelled, warming)
    for name, model in models.items():
        if isinstance(model, Watched):
            listing = asyncio.create_task(_list(name, model, warming), name=f"listing {name}")
            stack.push_async_callback(cancelled, listing)
    return warming


async def _warm(graph: GraphClient) -> None:
    """What the first question needs is loaded beside the first messages, off the event loop; a failure is the first question's."""
    try:
        await graph.wire()
    except (GraphError, OSError) as error:
        log.warning("Microsoft Graph's client was not opened yet: %s", type(error).__name__)


async def _list(name: str, model: Watched, warming: asyncio.Task[None]) -> None:
    """That a vendor has no such model is said before somebody asks it; that the list cannot be had matters to nobody."""
    # Nothing that people wait for is to wait for this.
    await asyncio.wait({warming})
    try:
        async with asyncio.timeout(LIST_SECONDS):
            await model.refresh()
    except (ProviderError, TimeoutError) as error:
        log.info("The list of models behind %s was not to be had: %s", model.door, type(error).__name__)
        return
    if model.standing in _SAID:
        log.warning("MODELS: %s (%s:%s) %s", name, model.door, model.model, _SAID[model.standing])


_SAID = {
    Standing.UNLISTED: "is not in its vendor's list of models.",
    Standing.DEPRECATED: "is deprecated: its vendor will end it.",
    Standing.RETIRED: "is retired: its vendor does not answer for it any more.",
}


async def cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
