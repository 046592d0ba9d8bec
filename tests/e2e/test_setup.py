"""docs/setup.md, walked through line by line: what an administrator types is run as it stands, with the local tenant for Microsoft."""

import asyncio
import json
import os
import re
import shlex
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.settings import Settings
from infra.local.entra_state import entra_state
from infra.local.postgres import free_port
from infra.local.teams import TeamsClient
from infra.local.tenant import environment
from infra.local.tokens import mint_user
from infra.local.vendors.script import Reply
from infra.local.world import World
from tests.azure.test_entra import ADMIN, adopt
from tests.doctor.site import served, trusting
from tests.e2e.parley import OAUTH_CARD

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "setup.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLE = "https://parley.contoso.com"
NOT_HERE = {
    "make demo": "run by tests/test_demo.py",
    "az login": "a browser at Microsoft",
    "az provider": "Azure Resource Manager, which the local tenant is not",
    "az bot": "Azure Resource Manager, which the local tenant is not",
}
"""What can't be run, by how it begins, and why."""
SECONDS = 90.0


def blocks() -> Iterator[tuple[str, str]]:
    """(language, text), as they follow each other."""
    yield from ((found[1], found[2].strip()) for found in BLOCK.finditer(PAGE.read_text(encoding="utf-8")))


def recipe(target: str) -> str:
    """What `make TARGET` runs, without making the virtual environment first."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(rf"^{target}:.*\n\t@?(.+)$", makefile, re.MULTILINE)
    assert found, target
    variables = {"PY": shlex.quote(sys.executable), "MANIFEST": ""}
    return re.sub(r"\$\((\w+)\)", lambda name: variables[name[1]], found[1]).replace("$$", "$")


@dataclass
class Walk:
    """An administrator's shell: what was set in it stays set."""

    world: World
    folder: Path
    url: str
    """Where the bot is reached from outside."""
    environment: dict[str, str]
    known: dict[str, str] = field(default_factory=dict[str, str])
    """What stands in angle brackets on the page, once it is known."""
    server: Process | None = None
    did: list[str] = field(default_factory=list[str])

    async def shell(self, command: str) -> str:
        """Its output. The next command has the variables it set."""
        script = f"{command}\ncode=$?; env -0 > {shlex.quote(str(self.folder / 'after'))}; exit $code"
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", script, cwd=self.folder, env=self.environment, stdout=PIPE, stderr=PIPE
        )
        out, err = await asyncio.wait_for(process.communicate(), SECONDS)
        assert process.returncode == 0, f"{command}\n{out.decode()}\n{err.decode()}"
        after = (self.folder / "after").read_bytes().split(b"\0")
        self.environment = dict(pair.decode().split("=", 1) for pair in after if pair)
        return out.decode()

    async def step(self, command: str) -> None:
        match command.split():
            case ["python", "-m", "infra.azure.entra", "register", *_, "--apply"]:
                await self._register(command)
            case ["python", "-m", "infra.azure.entra", *_]:
                assert '"why": ' in await self.shell(command)
            case ["make", "key"]:
                self.known["key"] = (await self.shell(recipe("key"))).strip()
            case ["set", *_]:
                await self.shell(command)
            case ["python", "-m", "bot", "serve"]:
                await self._serve(command)
            case ["python", "-m", "bot", "doctor"]:
                assert (await self._examined(command))["manifest"] == "not checked"
            case ["make", "manifest"]:  # Microsoft's validator needs node: tests/manifest
                # A package for this machine would be refused; nobody answers at the name it is made for.
                await self.shell(f"PUBLIC_URL={EXAMPLE} python -m bot manifest")
                found = await self.shell(f"PUBLIC_URL={EXAMPLE} python -m bot doctor --skip models --json; true")
                assert "ok" in [one["state"] for one in json.loads(found)["findings"] if one["check"] == "manifest"]
            case _:
                raise AssertionError(f"nobody runs this: {command}")
        self.did.append(command)

    async def _examined(self, command: str) -> dict[str, str]:
        """State by check; it fails where anything is wrong."""
        found = json.loads(await self.shell(f"{command} --json"))["findings"]
        assert {one["state"] for one in found} <= {"ok", "not checked"}, found
        return {one["check"]: one["state"] for one in found}

    async def _register(self, command: str) -> None:
        place = self.folder / "token"
        place.write_text(mint_user(self.world, self.world.person("Sofia").id, ADMIN), encoding="utf-8")
        more = f"--graph {self.world.urls.graph} --login {self.world.urls.login} --token-file {place}"
        printed = dict(line.split("=", 1) for line in (await self.shell(f"{command} {more}")).splitlines())
        adopt(self.world)
        state = entra_state(self.world)
        state.redirect_uris = {f"{self.url}/signin/callback"}
        self.known |= {
            "application id": printed["MICROSOFT_APP_ID"],
            "directory id": printed["MICROSOFT_APP_TENANT_ID"],
            "client secret": printed["MICROSOFT_APP_PASSWORD"],
            "key of Anthropic": self.environment["ANTHROPIC_API_KEY"],
            "key of OpenAI": self.environment["OPENAI_API_KEY"],
        }

    def write_settings(self, text: str) -> None:
        names = [line.partition("=")[0] for line in text.splitlines()]
        known = {name.upper() for name in Settings.model_fields} | {"ANTHROPIC_API_KEY", "OPENAI_API_KEY"}
        assert set(names) <= known
        for name, value in self.known.items():
            text = text.replace(f"<{name}>", value)
        assert "<" not in text, "the page asks for something that no step before it gave"
        (self.folder / ".env").write_text(text.replace(EXAMPLE, self.url), encoding="utf-8")
        for name in names:
            self.environment.pop(name, None)

    async def _serve(self, command: str) -> None:
        self.server = await asyncio.create_subprocess_exec(
            "bash", "-c", f"exec {command}", cwd=self.folder, env=self.environment
        )
        async with asyncio.timeout(SECONDS), aiohttp.ClientSession() as session:
            while not await self._ready(session):
                assert self.server.returncode is None, "it ended"
                await asyncio.sleep(0.1)

    async def _ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self.origin}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}"

    async def end(self) -> None:
        if self.server is not None and self.server.returncode is None:
            self.server.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self.server.wait(), SECONDS)


@asynccontextmanager
async def walking(world: World, folder: Path) -> AsyncGenerator[Walk]:
    """A new machine: this Python as `python`, the addresses of the local tenant, and a name with a certificate that leads to the bot."""
    port, session = free_port(), aiohttp.ClientSession()

    async def forward(request: web.Request) -> web.Response:
        target = f"http://127.0.0.1:{port}{request.rel_url}"
        async with session.request(request.method, target, data=await request.read(), allow_redirects=False) as answer:
            return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)

    async with session, served([web.route("*", "/{path:.*}", forward)], folder / "tls") as (url, authority):
        given = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # noqa: TID251 -- a shell of this machine's
            "VIRTUAL_ENV": sys.prefix,
            "HOME": str(folder),
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            "PORT": str(port),
            **{name: value for name, value in environment(world).items() if not name.startswith("MICROSOFT_")},
            "CA_BUNDLE": trusting(world, authority, folder / "trusted.pem"),
        }
        walk = Walk(world, folder, url, given)
        try:
            yield walk
        finally:
            await walk.end()


@pytest.mark.timeout(300)
async def test_the_page_leads_from_nothing_to_hello(tenant: World, tmp_path: Path) -> None:
    async with walking(tenant, tmp_path) as walk:
        for language, text in blocks():
            if language == "ini":
                walk.write_settings(text)
            elif not text.startswith(tuple(NOT_HERE)):
                await walk.step(text)
        assert len(walk.did) >= 7
        async with TeamsClient(tenant, f"{walk.origin}/api/messages") as teams:
            tenant.state["script"] = [Reply("Hello! I am Parley.")]
            seen = await teams.answer_to(await teams.say("sofia", "hello"), until=lambda message: message.ai_label)
            assert seen.text.startswith("Hello! I am Parley.")
            asked = await teams.say("sofia", "What is new in my mail about Heron?")
            card = await teams.answer_to(asked, quiet=0.1)
            status, _ = await teams.sso("sofia", card.card(OAUTH_CARD))
            assert status == 200
            answer = await teams.answer_to(asked, timeout=60, until=lambda message: message.ai_label)
            assert answer.citations, "the question that waited is answered, from the person's own mail"


def test_each_command_is_run_or_has_its_reason() -> None:
    commands = [text for language, text in blocks() if language == "sh"]
    assert [start for start in NOT_HERE if not any(text.startswith(start) for text in commands)] == []
    assert all("\n" not in text for text in commands), "one command a block: each is run alone"
