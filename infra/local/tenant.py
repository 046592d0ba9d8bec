"""The local tenant as one object: start it, point the product at it, look at what it received."""

import importlib
import importlib.util
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from infra.local import botframework, certificates, connector, control, entra
from infra.local.wire import FAULT_REQUEST_KEY, WIRE_KEY, WORLD_KEY, wire_app
from infra.local.world import Wire, World

__all__ = ["FAULT_REQUEST_KEY", "WIRE_KEY", "WORLD_KEY", "environment", "running", "wire_app"]

LOOPBACK = "127.0.0.1"
MAX_BODY = 256 * 1024 * 1024
SHUTDOWN_SECONDS = 0.25
MODULES: tuple[tuple[Wire, str, str], ...] = (
    ("graph", "/v1.0", "infra.local.graph"),
    ("graph", "/beta", "infra.local.graph"),
    ("claude", "/claude", "infra.local.vendors.claude"),
    ("claude", "/claude", "infra.local.vendors.claude_batches"),
    ("openai", "/openai/v1", "infra.local.vendors.openai"),
    ("openai", "/openai/v1", "infra.local.vendors.openai_batches"),
)
"""Wires loaded by name, since they import this package's parts themselves; each module has `routes(world)`."""


@asynccontextmanager
async def running(world: World, *, port: int = 0, login_port: int = 0) -> AsyncGenerator[World]:
    """Starts every wire on loopback ports (0: free ones), fills in `world.urls` and `world.state["ca_bundle"]`, stops them at the end."""
    with tempfile.TemporaryDirectory(prefix="parley-tenant-", ignore_cleanup_errors=True) as folder:
        certificate = certificates.make(Path(folder))
        world.state["ca_bundle"] = str(certificate.ca_bundle)
        plain = web.Application(client_max_size=MAX_BODY)
        for wire, prefix, routes in _wires(world):
            plain.add_subapp(prefix, wire_app(wire, world, routes))
        secure = wire_app("entra", world, entra.routes(world))
        runners = [_runner(plain), _runner(secure)]
        try:
            for runner in runners:
                await runner.setup()
            await web.TCPSite(runners[0], LOOPBACK, port).start()
            await web.TCPSite(runners[1], LOOPBACK, login_port, ssl_context=certificate.server).start()
            world.urls.http = f"http://{LOOPBACK}:{runners[0].addresses[0][1]}"
            world.urls.login = f"https://{LOOPBACK}:{runners[1].addresses[0][1]}"
            yield world
        finally:
            for runner in runners:
                await runner.cleanup()


def _wires(world: World) -> list[tuple[Wire, str, list[web.RouteDef]]]:
    own: list[tuple[Wire, str, list[web.RouteDef]]] = [
        ("botframework", "/botframework", botframework.routes(world)),
        ("connector", "/connector", connector.routes(world)),
        ("entra", "/metadata", entra.managed_identity_routes(world)),
        ("control", "/control", control.routes(world)),
    ]
    loaded: dict[tuple[Wire, str], list[web.RouteDef]] = {}
    for wire, prefix, name in MODULES:
        if _exists(name) and hasattr(module := importlib.import_module(name), "routes"):
            loaded.setdefault((wire, prefix), []).extend(module.routes(world))
    return own + [(wire, prefix, routes) for (wire, prefix), routes in loaded.items()]


def _exists(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _runner(app: web.Application) -> web.AppRunner:
    return web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, handle_signals=False)


def environment(world: World) -> dict[str, str]:
    """The settings that point the unchanged product at this tenant, once it is running.

    `ENCRYPTION_KEYS`, `MODELS` and `DATABASE_URL` stay the caller's.
    """
    host = urlsplit(world.urls.http).netloc
    return {
        "MICROSOFT_APP_ID": world.app_id,
        "MICROSOFT_APP_PASSWORD": world.app_secret,
        "MICROSOFT_APP_TYPE": "SingleTenant",
        "MICROSOFT_APP_TENANT_ID": world.company.tenant_id,
        "GRAPH_BASE_URL": world.urls.graph,
        "LOGIN_BASE_URL": world.urls.login,
        "BOT_OPENID_METADATA_URL": world.urls.bot_openid,
        "BOT_TOKEN_ISSUER": botframework.ISSUER,
        "SERVICE_URL_HOSTS": host,
        "DOWNLOAD_HOSTS": host,
        "CA_BUNDLE": str(world.state["ca_bundle"]),
        "ANTHROPIC_BASE_URL": world.urls.anthropic,
        "ANTHROPIC_API_KEY": "local-tenant",
        "OPENAI_BASE_URL": world.urls.openai,
        "OPENAI_API_KEY": "local-tenant",
        "COMPATIBLE_BASE_URL": world.urls.openai,
        "COMPATIBLE_API_KEY": "local-tenant",
    }


def managed_identity_environment(world: World) -> dict[str, str]:
    """What App Service tells a program with a managed identity."""
    return {
        "IDENTITY_ENDPOINT": f"{world.urls.http}/metadata/identity/appservice",
        "IDENTITY_HEADER": entra.IDENTITY_HEADER,
    }


def settings(world: World) -> dict[str, Any]:
    """The same as `environment`, lower-cased: keyword arguments for the product's `Settings`."""
    return {name.lower(): value for name, value in environment(world).items()}
