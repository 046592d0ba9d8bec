"""`python -m bot` serves Teams; `console` talks in a terminal, `audit` prints which models were asked, `digests` what became of
those, `eval` measures grounding.

Settings come from the environment alone.
"""

import argparse
import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from aiohttp import web
from pydantic import ValidationError

from bot import auditing, exporting, overseeing
from bot.app import WARMING, create_app
from bot.console import converse
from bot.logs import configure
from bot.process import new_event_loop, settle
from bot.settings import Settings, faults, telemetry_environment, vendor_environment
from bot.signin.credentials import WrongCredentials
from bot.store.database import StoreUnavailable
from bot.store.encryption import WrongKey
from graph.errors import GraphError
from providers.errors import ConfigurationError

log = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Parley: your company's documents and mail, answered in Teams."
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser(
        "eval",
        add_help=False,
        help="measure what models are given to answer from, on any mailbox and files (`eval --help`)",
    )
    commands.add_parser("serve", help="serve Teams (the default)")
    auditing.describe(commands.add_parser("audit", help="print which models were asked by whom, and what it cost"))
    overseeing.describe(commands.add_parser("digests", help="print what became of everybody's digests"))
    console = commands.add_parser("console", help="ask in this terminal")
    console.add_argument(
        "--as", dest="person", default="", metavar="PERSON", help="sign-in name to suggest at the sign-in page"
    )
    console.add_argument(
        "--ask", action="append", default=[], metavar="QUESTION", help="ask this and end; may be repeated"
    )
    console.add_argument("--stay", action="store_true", help="go on with a prompt after --ask")
    if list(arguments[:1]) == ["eval"]:
        return evaluate(arguments[1:])
    given = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
        configure(settings.log_level)
        if given.command == "console":
            asyncio.run(
                converse(settings, vendor_environment(), given.person, given.ask, stay=given.stay or not given.ask)
            )
        elif given.command == "audit":
            asyncio.run(auditing.export(settings, given))
        elif given.command == "digests":
            asyncio.run(overseeing.overview(settings, given))
        else:
            serve(settings)
    except ValidationError as error:
        return _refuse(faults(error))
    except (ConfigurationError, WrongCredentials, WrongKey, StoreUnavailable, GraphError, ValueError) as error:
        return _refuse([str(error)])
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has left (`| head`); Python must not complain about that once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


def evaluate(arguments: Sequence[str]) -> int:
    """The grounding benchmark, as a process of its own: it runs this bot beside the local tenant, which the bot knows nothing of."""
    root = Path(__file__).resolve().parent.parent
    if not (root / "tests" / "bench" / "grounding.py").is_file():
        return _refuse(["the benchmark needs Parley's source tree, with its folders `tests` and `infra`."])
    start = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('tests.bench.grounding', run_name='__main__')"
    command = [sys.executable, "-c", start, str(root), *arguments]  # in the caller's folder: paths are theirs
    return subprocess.run(command, check=False).returncode  # noqa: S603 -- our own program, no shell


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


def _refuse(sentences: Iterable[str]) -> int:
    for sentence in sentences:
        sys.stderr.write(f"Parley does not start: {sentence}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
