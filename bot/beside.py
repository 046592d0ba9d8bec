"""What goes on beside the messages: what is loaded late, and what is deleted when its time has come."""

import asyncio
import functools
import logging
from contextlib import AsyncExitStack

from bot.store.audit import Audit
from bot.store.database import Database
from bot.store.heard import Heard, sweep_for_ever
from graph.client import GraphClient
from graph.errors import GraphError

log = logging.getLogger(__name__)


def beside(stack: AsyncExitStack, database: Database, graph: GraphClient, *, audit_days: int) -> asyncio.Task[None]:
    """Starts it all, to be ended by the stack; returns the one task that ends by itself: everything is loaded."""
    heard, audit = Heard(database), Audit(database)
    for what, sweep in (("what was heard", heard.sweep), ("the audit", functools.partial(audit.sweep, audit_days))):
        sweeping = asyncio.create_task(sweep_for_ever(sweep, what), name=f"sweeping {what}")
        stack.push_async_callback(_cancelled, sweeping)
    warming = asyncio.create_task(_warm(graph), name="warming")
    stack.push_async_callback(_cancelled, warming)
    return warming


async def _warm(graph: GraphClient) -> None:
    """What the first question needs is loaded beside the first messages, off the event loop; a failure is the first question's."""
    try:
        await graph.wire()
    except (GraphError, OSError) as error:
        log.warning("Microsoft Graph's client was not opened yet: %s", type(error).__name__)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
