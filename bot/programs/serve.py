"""`python -m bot serve`: serves Teams, until a signal ends it."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from typing import Any

from aiohttp import web

from bot import exporting
from bot.app import LEAVING, WARMING, create_app
from bot.listener import bound
from bot.process import loading, new_event_loop, settle
from bot.program import Program, settings
from bot.settings import Settings, telemetry_environment, vendor_environment

log = logging.getLogger(__name__)

OPEN_REQUESTS_SECONDS = 5.0
"""How long requests that are being answered are waited for, once nothing listens any more."""

LAST_SECONDS = 3.0


def run(_: argparse.Namespace) -> int:
    serve(settings())
    _end_within(LAST_SECONDS)
    return 0


def _end_within(seconds: float) -> None:
    """Everything is handed over by now. A library's thread that waits for a database which never comes back would be waited for."""
    last = threading.Timer(seconds, os._exit, (0,))
    last.daemon = True
    last.start()


def serve(settings: Settings) -> None:
    """Until a signal ends it; running turns are finished or handed over. Raises what `create_app` raises, and `ValueError`."""
    end_telemetry = exporting.start(telemetry_environment())
    try:
        with bound(settings.host, settings.port) as listener, asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_served(settings, listener))
    finally:
        end_telemetry()


async def _served(settings: Settings, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    base_url = settings.public_url or f"http://127.0.0.1:{port}"
    signals = _Signals()
    with loading():
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


PROGRAM = Program(help="serve Teams (the default)", run=run)
