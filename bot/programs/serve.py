"""`python -m bot serve`: serves Teams, until a signal ends it."""

import argparse
import logging
import os
import socket

from aiohttp import web

from bot import exporting
from bot.app import WARMING, create_app
from bot.process import new_event_loop, settle
from bot.program import Program, settings
from bot.settings import Settings, telemetry_environment, vendor_environment

log = logging.getLogger(__name__)


def run(_: argparse.Namespace) -> int:
    serve(settings())
    return 0


def serve(settings: Settings) -> None:
    """Until a signal ends it; running turns are finished or handed over. Raises what `create_app` raises, and `ValueError`."""
    end_telemetry = exporting.start(telemetry_environment())
    listener = _bound(settings)
    port = listener.getsockname()[1]
    base_url = settings.public_url or f"http://127.0.0.1:{port}"

    async def app() -> web.Application:
        built = await create_app(settings, vendor_environment(), base_url=lambda: base_url)
        settle()
        built[WARMING].add_done_callback(lambda _: settle())
        return built

    def listening(_: str) -> None:
        log.info("listening on http://%s:%d", settings.host, port)

    try:
        web.run_app(
            app(), sock=listener, print=listening, access_log=None, shutdown_timeout=10.0, loop=new_event_loop()
        )
    finally:
        end_telemetry()


def _bound(settings: Settings) -> socket.socket:
    """The port is taken before anything is opened, and listened on after everything stands."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        if os.name == "posix":  # elsewhere it would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        reason = error.strerror or "not possible"
        raise ValueError(f"Port {settings.port} of {settings.host} cannot be used: {reason}.") from error
    return listener


PROGRAM = Program(help="serve Teams (the default)", run=run)
