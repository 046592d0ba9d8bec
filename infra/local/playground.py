"""`make playground`: the local tenant, the bot and Microsoft's Agents Playground, which is a real Teams-like client.

The Playground is fetched from npm (its licence does not allow us to ship it) and knows no single sign-on: its user signs
in once through our own page on the local tenant.
https://learn.microsoft.com/microsoft-365/agents-sdk/test-with-toolkit-project
"""

import asyncio
import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from infra.local.company.access import members_of
from infra.local.company.model import Person
from infra.local.company.people import group_id
from infra.local.company.questions import DEMO_QUESTIONS
from infra.local.company.seed import company
from infra.local.demo import ROOT, settings
from infra.local.playground_connector import CONNECTOR, MESSAGES, PERSONAL, between
from infra.local.tenant import running
from infra.local.world import World

PACKAGE = "@microsoft/m365agentsplayground@0.2.28"
HOME = ROOT / "var" / "playground"
CLI = HOME / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"
START_SECONDS = 60
ADMINISTRATOR = "Nils"
"""Alone in the group `IT`."""


@dataclass(frozen=True, slots=True)
class Playground:
    url: str
    bot_url: str
    user: Person


def install() -> Path:
    """Fetches the Playground into var/ once. Raises SystemExit with a sentence when node or npm is missing."""
    npm = shutil.which("npm")
    if not shutil.which("node") or not npm:
        raise SystemExit("The Agents Playground needs Node.js (20 or newer) with npm. Install it, or use `make demo`.")
    if not CLI.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--prefix", str(HOME), "--no-audit", "--no-fund", "--no-save", PACKAGE]
        os.spawnv(os.P_WAIT, npm, command)
    if not CLI.exists():
        raise SystemExit("npm could not install the Agents Playground; its own message is above.")
    return CLI


def chromium() -> str:
    """The browser of this machine. Raises SystemExit with a sentence when there is none."""
    found = (shutil.which(name) for name in ("chromium", "google-chrome", "chrome", "msedge"))
    path = next((path for path in found if path), None)
    if path is None:
        raise SystemExit("This needs Chromium or Chrome on the PATH: on Debian, install the package chromium.")
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def config(world: World, user: Person) -> dict[str, object]:
    """The Playground's view of the company: a team, a group chat and people whom Graph knows too.

    Its file format (0.1.1) wants exactly five other people, all in the one team and the one group chat, and one channel
    besides General.
    """
    firm = world.company
    team = next(t for t in firm.teams if user.id in members_of(firm, t))
    chat = next(c for c in firm.chats if c.kind == "group" and user.id in c.members)
    channels = [c for c in firm.channels if c.team_id == team.id and c.kind == "standard" and c.id != team.id]
    members = members_of(firm, team) - {user.id}
    return {
        "version": "0.1.1",
        "tenantId": firm.tenant_id,
        "bot": {"id": world.bot_channel_id, "name": world.bot_name},
        "currentUser": _person(user),
        "users": [_person(p) for p in firm.people if p.id in members][:5],
        "personalChat": {"id": PERSONAL},
        "groupChat": {"id": chat.id, "name": chat.topic},
        "team": {
            "id": team.id,
            "name": team.name,
            "aadGroupId": team.group_id,
            "channels": [{"id": c.id, "name": c.name} for c in channels[:1]],
        },
    }


def _person(person: Person) -> dict[str, str]:
    return {
        "id": person.teams_id,
        "name": person.name,
        "userPrincipleName": person.mail,  # spelled so in the Playground's own format
        "aadObjectId": person.id,
        "givenName": person.given_name,
        "surname": person.surname,
        "email": person.mail,
    }


@asynccontextmanager
async def playground(world: World, user: Person, models: str = "") -> AsyncGenerator[Playground]:
    """Tenant, bot and Playground, running; all stopped at the end."""
    cli = install()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(world))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ui, bot = free_port(), free_port()
        origin = await stack.enter_async_context(
            between(free_port(), playground=f"http://127.0.0.1:{ui}", bot=f"http://127.0.0.1:{bot}")
        )
        (folder / "playground.yml").write_text(json.dumps(config(world, user)), encoding="utf-8")
        environment = {**os.environ, **settings(world, folder)}
        hosts = f"{environment['SERVICE_URL_HOSTS']},{urlsplit(origin).netloc}"
        environment |= {
            "PARLEY_LOCAL": "1", "PORT": str(bot), "PUBLIC_URL": f"http://127.0.0.1:{bot}", "SERVICE_URL_HOSTS": hosts,
            "M365_AGENTS_PLAYGROUND_CONFIG_PATH": str(folder / "playground.yml"), "TEAMSAPPTESTER_BROWSER": "none",
        }  # fmt: skip
        environment |= {"ADMIN_GROUP": group_id("IT")} | ({"MODELS": models} if models else {})
        await _start(stack, [sys.executable, "-m", "bot"], environment)
        await _start(
            stack,
            [
                "node", str(cli), "start", "-c", "msteams", "-p", str(ui), "--disable-telemetry",
                "-e", f"{origin}{MESSAGES}", "--service-url", f"{origin}{CONNECTOR}",
            ],
            environment,
            folder,  # it leaves a devTools folder where it runs
        )  # fmt: skip
        await _answers(f"http://127.0.0.1:{bot}/readyz")
        await _answers(f"http://127.0.0.1:{ui}/")
        yield Playground(f"http://localhost:{ui}", f"http://127.0.0.1:{bot}", user)


async def _start(stack: AsyncExitStack, command: list[str], environment: dict[str, str], folder: Path = ROOT) -> None:
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment)

    async def stop() -> None:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    stack.push_async_callback(stop)


async def _answers(url: str) -> None:
    """Waits until a server answers; raises TimeoutError."""
    async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url) as answer:
                    if answer.status < 500:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


MODELS = "claude=anthropic:claude-sonnet-5-5,gpt=openai:gpt-6.2-sol"
"""Two, so that *compare* and *try with* have somebody to ask."""


async def main() -> None:
    world = World(company())
    user = world.person(DEMO_QUESTIONS[0].person_id)  # whom the demo shows too
    async with playground(world, user, MODELS) as running_playground:
        print(f"\nOpen {running_playground.url} in your browser. You are {user.name}. Ctrl+C ends it.")
        print("Claude and GPT are played by this machine: they quote what was found, and do not reason.")
        print(f"The admin page is {running_playground.bot_url}/admin: sign in as {world.person(ADMINISTRATOR).name}.")
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        print("Stopped.")
