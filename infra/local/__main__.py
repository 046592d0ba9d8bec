"""`python -m infra.local`: the local tenant as a process of its own, for the demo, other languages and curious people."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path

from infra.local.company.seed import company
from infra.local.tenant import environment, running
from infra.local.world import World


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local",
        description="A Microsoft 365 tenant on this machine: Entra, Teams, Graph, Claude and GPT, with a small company in it.",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port of the plain http side; 0 (the default) picks a free one"
    )
    parser.add_argument("--login-port", type=int, default=0, help="port of Entra (https); 0 picks a free one")
    parser.add_argument("--env-file", type=Path, help="also write the settings into this file, once everything listens")
    parser.add_argument("--bot", default="", help="address of the bot, for POST /control/say")
    return parser.parse_args()


def lines(settings: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def replace(path: Path, text: str) -> None:
    """In one step, so that who waits for the file never reads half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    Path(temporary).replace(path)


async def serve(wanted: argparse.Namespace) -> None:
    world = World(company())
    world.state["bot_url"] = wanted.bot
    async with running(world, port=wanted.port, login_port=wanted.login_port):
        settings = lines(environment(world))
        if wanted.env_file:
            replace(wanted.env_file, settings)
        sys.stdout.write(f"{settings}# Control: {world.urls.http}/control (Ctrl+C ends the tenant)\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(arguments()))
