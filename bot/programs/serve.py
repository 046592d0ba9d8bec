"""`python -m bot serve`: serves Teams, until a signal ends it."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from typing import Any

from aiohttp import web

from bot import exporting
from bot.app import LEAVING, WARMING, create_app
from bot.process import new_event_loop, settle
from bot.program import Program, settings
from bot.settings import Settings, telemetry_environment, vendor_environment

log = logging.getLogger(__name__)

OPEN_REQUESTS_SECONDS = 5.0
"""How long requests that are being answered are waited for, once nothing listens any more."""


def run(_: argparse.Namespace) -> int:
    serve(settings())
    return 0


def serve(settings: Settings) -> None:
    """Until a signal ends it; running turns are finished or handed over. Raises what `create_app` raises, and `ValueError`."""
    end_telemetry = exporting.start(telemetry_environment())
    try:
        with _bound(settings) as listener, asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_served(settings, listener))
    finally:
        end_telemetry()


async def _served(settings: Settings, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    base_url = settings.public_url or f"http://127.0.0.1:{port}"
    signals = _Signals()
    app = await create_app(settings, vendor_environment(), base_url=lambda: base_url)
    settle()
    app[WARMING].add_done_callback(lambda _: settle())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=OPEN_REQUESTS_SECONDS)
    try:
        await runner.setup()
        await web.SockSite(runner, listener).start()
        log.info("listening on http://%s:%d", settings.host, port)
        await signals.first.wait()
        signals.again = app[LEAVING].hurry
        await app[LEAVING].leave(settings.grace_seconds, settings.linger_seconds)
    finally:
        await runner.cleanup()


class _Signals:
    """SIGTERM or Ctrl+C: the first one is waited for, a further one hurries."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.again = self.first.set
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            if sys.platform == "win32":  # its loops know no signals
                signal.signal(number, self._from_outside)
            else:
                self._loop.add_signal_handler(number, self._heard)

    def _from_outside(self, *_: Any) -> None:
        self._loop.call_soon_threadsafe(self._heard)

    def _heard(self) -> None:
        (self.again if self.first.is_set() else self.first.set)()


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
