"""Server-sent events as the vendors write them, with the ways a stream can go wrong."""

import asyncio
import json
from collections.abc import Iterable, Mapping
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


async def send(
    request: web.Request, events: Iterable[Event], reply: Reply, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Streams `events`, honouring the reply's `cut`, `early`, `delay` and `stall` and a `cut` fault.

    `world.state["hung_up"]` counts the readers that left before the end.
    """
    fault = fault_of(request)
    cut = fault.after if fault is not None and fault.kind == "cut" else reply.cut
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8", **headers})
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
        name, data = event
        head = f"event: {name}\n" if name else ""
        written = data if isinstance(data, str) else json.dumps(data)
        try:
            await response.write(f"{head}data: {written}\n\n".encode())
        except ConnectionResetError:  # the reader is gone: stopped, or killed
            world = request.app[WORLD_KEY]
            world.state["hung_up"] = world.state.get("hung_up", 0) + 1
            async with world.changed:
                world.changed.notify_all()
            return response
    await response.write_eof()
    return response
