"""Server-sent events as the vendors write them, with the ways a stream can go wrong."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiohttp import web

from infra.local.vendors.script import Reply
from infra.local.wire import FAULT_REQUEST_KEY, WORLD_KEY
from infra.local.world import Fault

Event = tuple[str, Any]
"""(event name or empty, JSON data or raw text)."""
STALL = ("", {"stall": True})


def pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def fault_of(request: web.Request) -> Fault | None:
    fault: Fault | None = request.get(FAULT_REQUEST_KEY)
    return fault


def written(event: Event) -> bytes:
    name, data = event
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


async def send(
    request: web.Request,
    events: Iterable[Event],
    reply: Reply,
    headers: Mapping[str, str],
    *,
    content_type: str = "text/event-stream; charset=utf-8",
    written: Callable[[Event], bytes] = written,
) -> web.StreamResponse:
    """Streams `events`, honouring the reply's `cut`, `early`, `delay` and `stall` and a `cut` fault.

    `world.state["hung_up"]` counts the readers that left before the end.
    """
    fault = fault_of(request)
    cut = fault.after if fault is not None and fault.kind == "cut" else reply.cut
    response = web.StreamResponse(headers={"Content-Type": content_type, **headers})
    await response.prepare(request)
    for number, event in enumerate(events):
        if number == cut:
            if request.transport is not None:
                request.transport.abort()
            return response
        if number == reply.early:
            break
        if event is STALL:
            await asyncio.sleep(reply.stall)
            continue
        if reply.delay:
            await asyncio.sleep(reply.delay)
        try:
            await response.write(written(event))
        except ConnectionResetError:  # the reader is gone: stopped, or killed
            world = request.app[WORLD_KEY]
            world.state["hung_up"] = world.state.get("hung_up", 0) + 1
            async with world.changed:
                world.changed.notify_all()
            return response
    await response.write_eof()
    return response
