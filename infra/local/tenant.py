"""The local tenant as one object: start it, point the product at it, look at what it received."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import jwt
from aiohttp import web

from infra.local.world import Fault, Recorded, Wire, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
WIRE_KEY: web.AppKey[Wire] = web.AppKey("wire")
WORLD_KEY: web.AppKey[World] = web.AppKey("world", World)
FAULT_REQUEST_KEY = "fault"


def wire_app(wire: Wire, world: World, routes: list[web.RouteDef]) -> web.Application:
    """An application for one wire; its requests are recorded and its faults injected."""
    app = web.Application(middlewares=[_recording], client_max_size=64 * 1024 * 1024)
    app[WIRE_KEY], app[WORLD_KEY] = wire, world
    app.add_routes(routes)
    return app


@web.middleware
async def _recording(request: web.Request, handler: Handler) -> web.StreamResponse:
    world, wire = request.app[WORLD_KEY], request.app[WIRE_KEY]
    entry = Recorded(
        wire,
        world.clock.now(),
        request.method,
        request.path,
        request.query_string,
        dict(request.headers),
        await _body(request),
        caller=_caller(request),
    )
    world.record.append(entry)
    try:
        response = await _faulty(request, handler, world.take_fault(wire, request.method, request.path))
        entry.status = response.status
        if isinstance(response, web.Response) and response.content_type == "application/json" and response.text:
            entry.response = json.loads(response.text)
        return response
    except web.HTTPException as error:
        entry.status = error.status
        raise
    finally:
        async with world.changed:
            world.changed.notify_all()


async def _faulty(request: web.Request, handler: Handler, fault: Fault | None) -> web.StreamResponse:
    if fault is None:
        return await handler(request)
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
        return await handler(request)
    if fault.kind == "reset":
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError
    if fault.kind == "status" and fault.body is not None:
        return web.json_response(fault.body, status=fault.status, headers=fault.headers)
    # `cut`, `claims`, `expired_grant` and `status` without a body are the wire's own business: it knows the documented form.
    request[FAULT_REQUEST_KEY] = fault
    return await handler(request)


async def _body(request: web.Request) -> Any:
    raw = await request.read()
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        pass
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"<{len(raw)} bytes>"


def _caller(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token.count(".") != 2:
        return ""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return ""
    return str(claims.get("oid") or "app")


@asynccontextmanager
async def running(world: World) -> AsyncGenerator[World]:
    """Starts every wire on free loopback ports and fills in `world.urls`. (Being built.)"""
    yield world
