"""A whole installation in order, beside the local tenant, for tests to plant one mistake in."""

import asyncio
import json
import zipfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.fernet import Fernet

from bot.doctor.context import Installation
from bot.doctor.examine import Examined, examine
from bot.doctor.finding import State
from bot.doctor.reading import read
from bot.health import Health, Loop
from bot.store.database import Database
from infra.local import certificates
from infra.local.entra_state import entra_state
from infra.local.postgres import free_port
from infra.local.tenant import environment
from infra.local.tenant import settings as tenant_settings
from infra.local.world import World
from tests.doctor.registered import register
from tests.store.prepared import sqlite_in

MODELS = "claude=anthropic:claude-sonnet-5-5,gpt=openai:gpt-6.2-sol"
FAULTY = frozenset({State.WRONG, State.WARNING})


@dataclass
class Site:
    world: World
    folder: Path
    key: str
    values: dict[str, Any]
    """Settings, lower-cased."""
    vendors: dict[str, str]
    telemetry: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def manifest(self) -> Path:
        return self.folder / "app.zip"

    async def examined(self, *only: str, skip: tuple[str, ...] = (), **changes: Any) -> list[Examined]:
        """`changes`: settings."""
        values = {**self.values, **changes}
        settings, faults = read({name: value for name, value in values.items() if value is not None})
        installation = Installation(settings, faults, self.vendors, self.telemetry, self.manifest)
        return await examine(installation, only=only, skip=skip)

    async def finds(self, check: str, *cure: str, state: State = State.WRONG, **changes: Any) -> None:
        """This check alone is not content, is in this state, and names the cure."""
        examined = await self.examined(**changes)
        faults = {one.name: one.state for one in examined if one.state in FAULTY}
        assert faults == {check: state}, told(examined)
        said = " ".join(
            f"{finding.what} {finding.cure}"
            for one in examined
            for finding in one.findings
            if one.name == check and finding.state is state
        )
        assert [word for word in cure if word not in said] == [], said
        assert all(f.cure for one in examined for f in one.findings if f.state in FAULTY)

    def write_manifest(self, **changes: Any) -> None:
        """As `make manifest` would for these settings, with `changes` at its top."""
        with zipfile.ZipFile(self.manifest, "w") as package:
            package.writestr("manifest.json", json.dumps({**self._manifest(), **changes}))
            package.writestr("color.png", b"")
            package.writestr("outline.png", b"")

    def _manifest(self) -> dict[str, Any]:
        id = self.world.app_id
        return {
            "manifestVersion": "1.30",
            "id": id,
            "icons": {"color": "color.png", "outline": "outline.png"},
            "bots": [{"botId": id, "scopes": ["personal", "team", "groupChat", "copilot"]}],
            "composeExtensions": [{"botId": id, "commands": []}],
            "copilotAgents": {"customEngineAgents": [{"id": id, "type": "bot"}]},
            "webApplicationInfo": {"id": id, "resource": f"api://botid-{id}"},
            "validDomains": ["localhost", "token.botframework.com"],
        }


def told(examined: list[Examined]) -> str:
    return "\n".join(
        f"{one.name}: {f.state.value}: {f.what} {f.cure}" for one in examined for f in one.findings if f.state is not State.OK
    )  # fmt: skip


@asynccontextmanager
async def served(
    routes: list[web.RouteDef], folder: Path, *, host: str = "localhost", until: datetime | None = None
) -> AsyncGenerator[tuple[str, Path]]:
    """A real TLS listener on loopback; yields its address and the authority it is to be trusted by."""
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    end = {"until": until} if until else {}
    certificate = certificates.make(folder, host=host, **end)
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.25, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate.server).start()
        yield f"https://localhost:{runner.addresses[0][1]}", certificate.ca_bundle
    finally:
        await runner.cleanup()


@asynccontextmanager
async def site_running(world: World, folder: Path) -> AsyncGenerator[Site]:
    """`world` is running already."""
    key = Fernet.generate_key().decode()
    database = await Database.open(sqlite_in(folder / "store"), [key])
    try:
        async with served(_routes(database), folder / "tls") as (url, authority):
            register(world)
            state = entra_state(world)
            state.app_roles = (*state.app_roles, "Application.Read.All")
            values = {
                **tenant_settings(world),
                "database_url": sqlite_in(folder / "store"),
                "encryption_keys": key,
                "models": MODELS,
                "public_url": url,
                "port": free_port(),
                "ca_bundle": trusting(world, authority, folder / "trusted.pem"),
            }
            site = Site(world, folder, key, values, dict(environment(world)))
            site.write_manifest()
            yield site
    finally:
        await database.aclose()


def _routes(database: Database) -> list[web.RouteDef]:
    return Health(database, Loop(), leaving=lambda: False, digests=lambda: "off").routes()


def trusting(world: World, authority: Path, bundle: Path) -> str:
    """A bundle with the tenant's authority and another one."""
    ours = Path(str(world.state["ca_bundle"]))
    bundle.write_bytes(ours.read_bytes() + authority.read_bytes())
    return str(bundle)
