"""What every wire of the local tenant has in common: its requests are recorded, its faults injected."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import jwt
from aiohttp import web

from infra.local.entra_state import is_revoked
from infra.local.world import Fault, Recorded, Wire, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
WIRE_KEY: web.AppKey[Wire] = web.AppKey("wire")
WORLD_KEY: web.AppKey[World] = web.AppKey("world", World)
FAULT_REQUEST_KEY: web.RequestKey[Fault] = web.RequestKey("fault", Fault)


def wire_app(wire: Wire, world: World, routes: list[web.RouteDef]) -> web.Application:
    """An application for one wire; its requests are recorded and its faults injected."""
    app = web.Application(middlewares=[_recording], client_max_size=64 * 1024 * 1024)
    app[WIRE_KEY], app[WORLD_KEY] = wire, world
    app.add_routes(routes)
    return app


@web.middleware
async def _recording(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Off for benchmarks with `world.state["record_off"]`; faults work all the same."""
    world, wire, came = request.app[WORLD_KEY], request.app[WIRE_KEY], asyncio.get_running_loop().time()
    recorded = not world.state.get("record_off")
    claims = _claims(request) if recorded or wire == "graph" else {}
    entry = Recorded(
        wire,
        world.clock.now(),
        request.method,
        request.path,
        request.query_string,
        dict(request.headers),
        await _body(request) if recorded else None,
        caller=str(claims.get("oid") or "app") if claims else "",
    )
    if recorded:
        world.record.append(entry)
    try:
        fault = world.take_fault(wire, request.method, request.path)
        if fault is None and wire == "graph" and is_revoked(world, str(claims.get("oid", "")), claims.get("iat")):
            fault = Fault("graph", kind="claims", status=401)
        response = await _faulty(request, handler, fault)
        if wire == "entra" and not response.prepared:
            response.headers["Date"] = world.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        entry.status = response.status
        if (
            recorded
            and isinstance(response, web.Response)
            and response.content_type == "application/json"
            and response.text
        ):
            entry.response = json.loads(response.text)
        if fault is not None and fault.kind == "late":
            await asyncio.sleep(came + fault.seconds - asyncio.get_running_loop().time())
        return response
    except web.HTTPException as error:
        entry.status = error.status
        raise
    finally:
        async with world.changed:
            world.changed.notify_all()


async def _faulty(request: web.Request, handler: Handler, fault: Fault | None) -> web.StreamResponse:
    if fault is None or fault.kind == "late":
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


def _claims(request: web.Request) -> dict[str, Any]:
    """Unverified: for the record and for revocation; the wires verify."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token.count(".") != 2:
        return {}
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}
    return claims
