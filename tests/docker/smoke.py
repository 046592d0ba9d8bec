"""`python -m tests.docker.smoke FOLDER`: the product from the image's own files, by another user who can write nowhere but in its state.

A day's work against the local tenant: questions over mail, Word, Excel, PowerPoint and PDF, by both vendors' SDKs, and a digest by the
durable engine, on SQLite and on PostgreSQL. Whatever the image lacks for that is missed here.
"""

import asyncio
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from cryptography.fernet import Fernet

from infra.local.company.model import ExampleQuestion
from infra.local.company.questions import QUESTIONS
from infra.local.teams import TeamsClient
from infra.local.tenant import environment, running
from infra.local.world import World
from tests.conftest import fresh_world
from tests.docker.rehearsal import NOBODY, Image, as_nobody
from tests.e2e.parley import Parley
from tests.e2e.test_digest_commands import press, says
from tests.postgres import free_port, running_postgres

MODELS = "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6"
DIGEST = "digest: every Friday at 16:00 what does one month of delay of the castings cost?"
"""News would depend on the day this is run; a question does not."""
KINDS = (".docx", ".xlsx", ".pptx", ".pdf")
LOADED = (
    "import azure.identity.aio as a, boto3, google.auth.transport.requests, importlib\n"
    "from anthropic.lib.bedrock._stream_decoder import get_response_stream_shape as shape\n"
    "assert shape().name == 'ResponseStream'\n"
    "[boto3.Session(region_name='eu-central-1').client(name) for name in ('sts', 'sso', 'sso-oidc')]\n"
    "a.DefaultAzureCredential()\n"
    "import anthropic, openai; anthropic.AsyncAnthropicVertex(region='eu', project_id='p', access_token='t')\n"
    "for name in ('trace', 'metric'):\n"
    "    importlib.import_module(f'opentelemetry.exporter.otlp.proto.http.{name}_exporter')\n"
)
"""What the doors and telemetry load only where they are configured."""


@asynccontextmanager
async def bot(image: Image, settings: dict[str, str]) -> AsyncIterator[str]:
    """Yields its origin. Raises AssertionError where it does not get ready, or does not end well when it is told to."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    started = time.perf_counter()
    command = [str(image.python), *image.stage.of("ENTRYPOINT")[0].words[1:], *image.stage.of("CMD")[0].words]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=image.at("/app"), env={**image.environment(), **settings, "PORT": str(port)}, **as_nobody()
    )
    try:
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            while not await _ready(session, f"{url}/readyz"):
                assert process.returncode is None, "the bot ended while it was starting"
                await asyncio.sleep(0.05)
        print(f"  ready after {time.perf_counter() - started:.1f} s")
        health(image, port)
        yield url
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), 30)
        assert code == 0, f"it ended with {code}"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def health(image: Image, port: int) -> None:
    """The image's own HEALTHCHECK, which must also see that nothing answers."""
    (check,) = image.stage.of("HEALTHCHECK")
    words = json.loads(check.rest.removeprefix("CMD "))
    for number, wanted in ((port, 0), (free_port(), 1)):
        done = subprocess.run(
            [image.python, *words[1:]],
            env={**image.environment(), "PORT": str(number)},
            check=False,
            capture_output=True,
            **as_nobody(),
        )
        assert done.returncode == wanted, done.stderr.decode()


def one_of_each() -> list[ExampleQuestion]:
    """A question for each kind of file and one for mail, all answered from that alone."""
    personal = [q for q in QUESTIONS if q.expect and q.place == "personal"]
    files = [next(q for q in personal if all(source.endswith(kind) for source in q.sources)) for kind in KINDS]
    return [*files, next(q for q in personal if q.sources and all(s.startswith("Re: ") for s in q.sources))]


async def day(world: World, url: str) -> None:
    async with TeamsClient(world, url) as teams:
        parley = Parley(world, teams, url)
        for model, wire in (("claude", "claude"), ("gpt", "openai")):
            for asked in one_of_each():
                await parley.sign_in(asked.person_id)
                await teams.answer_to(await teams.say(asked.person_id, f"use {model}"), quiet=0.1)
                since = len(world.record)
                seen = await parley.ask(asked.person_id, asked.text)
                assert parley.received(wire, since=since), f"{model} was not asked"
                assert asked.expect[0] in seen.text, (asked.text, seen.text)
                print(f"  {model:<7} {asked.sources[0][:40]:<42} {asked.expect[0]}")
        await parley.sign_in(world.person("Sofia").id)
        saved = await press(parley, await says(parley, DIGEST), "Save")
        known = {message.id for message in teams.seen(saved.conversation_id)}
        await press(parley, saved, "Run now")

        def delivered() -> bool:
            return any("60,000" in m.text for m in teams.seen(saved.conversation_id) if m.id not in known)

        async with asyncio.timeout(150), world.changed:
            await world.changed.wait_for(delivered)
        print("  digest  delivered")


async def everything(image: Image) -> None:
    with tempfile.TemporaryDirectory() as name, running_postgres() as postgres:
        state = Path(name)
        if os.geteuid() == 0:
            shutil.chown(state, NOBODY, NOBODY)
        for store in (f"sqlite:///{state / 'parley.db'}", postgres.create("image")):
            print(f"on {store.partition(':')[0]}", flush=True)
            world = fresh_world()
            world.state["rates_off"] = True
            async with running(world):
                Path(str(world.state["ca_bundle"])).parent.chmod(0o755)
                settings = environment(world) | {
                    "HOST": "127.0.0.1",
                    "DATABASE_URL": store,
                    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
                    "MODELS": MODELS,
                    "LOG_LEVEL": "WARNING",
                    "HOME": str(state),
                }
                async with bot(image, settings) as url:
                    await day(world, url)
        written = [path for path in image.root.rglob("*") if path.stat(follow_symlinks=False).st_mtime > STARTED]
        assert not written, f"written into the image: {written[:5]}"


STARTED = time.time()


def main(folder: Path) -> None:
    image = Image.of(folder)
    subprocess.run([image.python, "-I", "-c", LOADED], env=image.environment(), check=True, **as_nobody())
    print("loaded: azure-identity, boto3, google-auth, OpenTelemetry's exporters")
    command = [str(image.python), "-m", "bot", "--help"]
    told = subprocess.run(
        command, cwd=image.at("/app"), env=image.environment(), check=True, capture_output=True, **as_nobody()
    )
    assert b"doctor" in told.stdout, "all programs are listed, so all could be loaded"
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    asyncio.run(everything(image))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
