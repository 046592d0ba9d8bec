"""The admin page as people meet it: the real routes on a socket, Entra and Graph of the local tenant, a clock to turn."""

import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import aiohttp
from aiohttp import web
from cryptography.fernet import Fernet

from bot.admin import site
from bot.admin.access import Access
from bot.core import Core, core
from bot.outbound import tls_context
from bot.services import Services, Turn
from bot.settings import Settings
from graph.errors import SignInNeeded
from infra.local.company.people import group_id
from infra.local.tenant import environment
from infra.local.tenant import settings as tenant_settings
from infra.local.world import World
from tests.store.prepared import sqlite_in

GROUP = group_id("IT")
ADMIN, OTHER = "Nils", "Sofia"
SECTIONS = (
    "overview", "conversations", "digests", "failures", "vendors", "speed", "cost", "budgets", "policy", "audit", "people",
)  # fmt: skip
EXPORTS = ("/admin/audit/export.csv", "/admin/audit/export.jsonl")
ASSETS = tuple(f"/admin/assets/{name}" for name in ("page.css", "page.js", "chart.umd.min.js", "icon.svg"))
PAGES = ("/admin", *(f"/admin/{name}" for name in SECTIONS))
ADDRESSES = (*PAGES, *EXPORTS, *ASSETS)
"""Everything only administrators get."""


@dataclass
class Seen:
    status: int
    text: str
    headers: Any


@dataclass
class Visitor:
    """Somebody's browser; redirects are followed by hand, so that each is seen."""

    session: aiohttp.ClientSession
    world: World
    base: str

    async def get(self, path: str, **more: Any) -> Seen:
        url = f"{self.base}{path}" if path.startswith("/") else path
        async with self.session.get(url, allow_redirects=False, **more) as response:
            return Seen(response.status, await response.text(), response.headers)

    async def post(self, path: str, **more: Any) -> Seen:
        async with self.session.post(f"{self.base}{path}", allow_redirects=False, **more) as response:
            return Seen(response.status, await response.text(), response.headers)

    async def to_microsoft(self, start: str = "/admin/sign-in") -> str:
        seen = await self.get(start)
        assert seen.status == 302, seen.text
        return str(seen.headers["Location"])

    async def picked(self, authorize: str, who: str, auto: str = "1") -> str:
        """The address Microsoft sends the browser back to."""
        seen = await self.get(changed(authorize, login_hint=self.world.person(who).mail, auto=auto))
        assert seen.status == 302, seen.text
        return str(seen.headers["Location"])

    async def sign_in(self, who: str, start: str = "/admin/sign-in") -> Seen:
        return await self.get(await self.picked(await self.to_microsoft(start), who))

    @property
    def cookie(self) -> str:
        """The session's, as the browser keeps it."""
        return next((cookie.value for cookie in self.session.cookie_jar if cookie.key.endswith("parley-admin")), "")


@dataclass
class House:
    world: World
    core: Core
    services: Services
    base: str
    ahead: float = 0.0
    """Seconds our clock is turned forward."""
    visitors: list[aiohttp.ClientSession] = field(default_factory=list[aiohttp.ClientSession])

    def visitor(self, cookie: str = "") -> Visitor:
        jar = aiohttp.CookieJar(unsafe=True)  # "unsafe" means: also for addresses without a name
        tls = aiohttp.TCPConnector(ssl=tls_context(str(self.world.state["ca_bundle"])))
        headers = {"Cookie": f"parley-admin={cookie}"} if cookie else {}
        session = aiohttp.ClientSession(connector=tls, cookie_jar=jar, headers=headers)
        self.visitors.append(session)
        return Visitor(session, self.world, self.base)

    def members(self) -> list[str]:
        return next(group for group in self.world.company.groups if group.id == GROUP).members


@asynccontextmanager
async def house(world: World, folder: Path, judged: type[Access] = Access, **changes: Any) -> AsyncGenerator[House]:
    """The page's own routes, without Teams; `judged` weakens the build, `changes` are settings."""
    values = {
        **tenant_settings(world),
        "database_url": sqlite_in(folder),
        "encryption_keys": Fernet.generate_key().decode(),
        "models": "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6",
        "admin_group": GROUP,
        "public_url": "http://127.0.0.1",
        **changes,
    }
    settings, address = Settings(**values), [""]

    async def nobody(turn: Turn, needed: SignInNeeded | None) -> None:
        del turn, needed

    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(core(settings, environment(world), lambda: address[0]))
        services = parts.services(nobody)
        built = House(world, parts, services, "")
        app = web.Application()
        app.add_routes(
            await site.opened(
                stack,
                settings,
                parts,
                services,
                base_url=lambda: address[0],
                clock=lambda: time.time() + built.ahead,
                judged=judged,
            )
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handle_signals=False)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address[0] = built.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield built
        for session in built.visitors:
            await session.close()


def changed(url: str, **values: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), **values})))
