"""Puts everything together: the only file that knows everybody."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from importlib import import_module

from aiohttp import web

from bot import about
from bot.answering import Answering, Event
from bot.beside import beside, cancelled
from bot.compose import handlers as compose_handlers
from bot.core import Core, core, router
from bot.digests.service import Arranged, Digests
from bot.discover import discover
from bot.health import Health, Loop
from bot.leaving import Leaving
from bot.retention import periods
from bot.services import Services
from bot.settings import Settings
from bot.signin.asking import SignInCards
from bot.signin.credentials import AppTokens, NoTokens
from bot.store.database import Database, StoreUnavailable
from bot.store.inbox import Inbox
from bot.store.pending import Pending
from bot.store.preferences import Preferences
from bot.store.references import References
from bot.store.retention import Retention
from bot.teams.adapter import Adapter
from bot.teams.attachments import Attachments
from bot.teams.authentication import Authentication
from bot.teams.connector import Connector
from bot.teams.conversation import Office, Roster
from bot.teams.displays import Timing
from bot.teams.endpoint import Endpoint
from bot.teams.groups import Groups
from bot.teams.invokes import Invokes
from bot.teams.keys import KeyStore
from bot.teams.pacing import TENANT, Windows
from bot.teams.private import PersonalChats
from bot.teams.refusals import Refusals
from bot.teams.schema import Gate
from bot.teams.verifier import Verifier
from bot.turns import Turns

__all__ = ["Core", "core", "router"]  # fronts and tests find them here

WARMING = web.AppKey[asyncio.Task[None]]("warming")
"""Ends when everything that is loaded late is loaded."""
LEAVING = web.AppKey("leaving", Leaving)
"""For whoever is told that the process shall end."""
CONVERSATIONS = 1000
"""Worked on at once by one process; the others wait in the inbox."""

Refine = Callable[[Services], Services]
"""The last word on what commands work with: another audience rule, fewer sources, shorter deadlines."""
Arrange = Callable[[Office], Office]
"""The last word on how conversations are written into."""


async def create_app(
    settings: Settings,
    vendors: Mapping[str, str],
    *,
    base_url: Callable[[], str] | None = None,
    tenant_windows: Windows = TENANT,
    timing: Timing | None = None,
    refine: Refine = lambda services: services,
    arrange: Arrange = lambda office: office,
    digests: Arranged | None = None,
) -> web.Application:
    """The server. Everything stands when this returns, so that nothing listens before; the app's clean-up closes it.

    `tenant_windows`: Teams' limit on all our sends together; benchmarks lift it.
    """
    stack = AsyncExitStack()
    where = base_url or (lambda: settings.public_url or f"http://127.0.0.1:{settings.port}")
    try:
        how = (tenant_windows, timing or Timing(), refine, arrange, digests)
        app = await _wired(stack, settings, vendors, where, *how)
    except BaseException:
        await stack.aclose()
        raise

    async def close(_: web.Application) -> None:
        await stack.aclose()

    app.on_cleanup.append(close)
    return app


async def _wired(
    stack: AsyncExitStack,
    settings: Settings,
    vendors: Mapping[str, str],
    base_url: Callable[[], str],
    tenant_windows: Windows,
    timing: Timing,
    refine: Refine,
    arrange: Arrange,
    arranged: Arranged | None,
) -> web.Application:
    parts = await stack.enter_async_context(core(settings, vendors, base_url))
    tokens, verifier = _trust(stack, settings, parts)
    hosts, references = frozenset(settings.service_url_hosts), References(parts.database)
    connector = Connector(
        parts.outbound, tokens, hosts, tenant_windows=tenant_windows, now=asyncio.get_running_loop().time
    )
    office = _office(connector, parts.database, references, timing)
    cards = SignInCards(parts.identity.bot_id, parts.page.link, sso=not settings.parley_local)
    events = discover(import_module("bot.events"), "EVENT", Event)
    answering = Answering(parts.router, arrange(office), references, Pending(parts.database), cards, events)
    inbox = Inbox(parts.database, owner=f"{os.getpid()}-{time.time_ns()}", concurrency=CONVERSATIONS)
    turns = Turns(inbox, answering.handle, answering.apologise)
    digests = Digests(parts.database, settings.database_url, references, turns, connector.among, arranged)
    services = replace(
        parts.services(answering.ask_to_sign_in),
        open_conversation=answering.open_conversation,
        ask_privately=answering.ask_privately,
        offer_consent=answering.offer_consent,
        personal_chat=answering.personal_chat,
        wake_digests=digests.wake,
        attachment=Attachments(parts.outbound, tokens, hosts).fetch,
    )
    answering.services, answering.turns = refine(services), turns
    parts.sign_in.on_signed_in = answering.on_signed_in
    await turns.start()
    stack.push_async_callback(turns.aclose)
    compose = compose_handlers(answering, cards.link)
    invokes = Invokes(sign_in=parts.sign_in, rate=answering.rated, act=answering.clicked, compose=compose)
    endpoint = _endpoint(settings, answering, verifier, Adapter(Authentication(verifier, connector), invokes))
    app = web.Application()
    app[WARMING] = _beside(stack, settings, parts, office, answering)
    app[LEAVING] = Leaving(turns, digests.aclose)
    if settings.digests:
        digests.start(answering.services, answering.personal_chat, after=app[WARMING])
        stack.push_async_callback(digests.aclose)
    app.add_routes([*endpoint.routes(), *_health(stack, parts.database, app[LEAVING], digests)])
    app.add_routes([*parts.page.routes(), *await _admin(stack, settings, parts, answering.services, base_url)])
    return app


def _health(stack: AsyncExitStack, database: Database, leaving: Leaving, digests: Digests) -> list[web.RouteDef]:
    loop = Loop()
    stack.push_async_callback(cancelled, asyncio.create_task(loop.watch(), name="watching the loop"))
    health = Health(database, loop, leaving=lambda: leaving.begun, digests=lambda: digests.state)
    return [*health.routes(), *about.routes()]


async def _admin(
    stack: AsyncExitStack, settings: Settings, parts: Core, services: Services, base_url: Callable[[], str]
) -> list[web.RouteDef]:
    """Loaded only where it is wanted: templates cost a start some time."""
    if not settings.admin_group:
        return []
    found: list[web.RouteDef] = await import_module("bot.admin.site").opened(
        stack, settings, parts, services, base_url=base_url, clock=time.time
    )
    return found


def _beside(
    stack: AsyncExitStack, settings: Settings, parts: Core, office: Office, answering: Answering
) -> asyncio.Task[None]:
    kept = Retention(
        parts.database, periods(settings.retention_days), audit_days=settings.audit_days, leaver_days=settings.leaver_days,
        owner=f"{os.getpid()}-{time.time_ns()}",
    )  # fmt: skip
    listed = answering.services.models if settings.model_lists else {}
    forget = (office.forget, answering.interrupts.forget)
    return beside(stack, parts.database, parts.graph, retention=kept, forget=forget, models=listed)


def _office(connector: Connector, database: Database, references: References, timing: Timing) -> Office:
    refusals = Refusals(now=time.time, kept=Preferences(database))
    return Office(
        connector, Roster(connector, now=asyncio.get_running_loop().time), timing, refusals,
        personal=PersonalChats(connector, references).of, groups=Groups(connector),
    )  # fmt: skip


def _endpoint(settings: Settings, answering: Answering, verifier: Verifier | None, adapter: Adapter) -> Endpoint:
    return Endpoint(
        gate=Gate(_tenant(settings), frozenset(settings.service_url_hosts)), verifier=verifier, admit=answering.admit,
        adapter=adapter, local=settings.parley_local, unavailable=(StoreUnavailable, OSError), kinds=answering.kinds,
    )  # fmt: skip


def _trust(
    stack: AsyncExitStack, settings: Settings, parts: Core
) -> tuple[AppTokens, Verifier] | tuple[NoTokens, None]:
    """Our own tokens, and who checks those of Teams; neither in a local run without an app id."""
    if not settings.microsoft_app_id:
        return NoTokens(), None
    tokens = AppTokens(parts.identity, settings.login_base_url, parts.transport, clock=time.time)
    stack.push_async_callback(tokens.aclose)
    keys = KeyStore(parts.outbound, settings.bot_openid_metadata_url, now=time.time)
    stack.push_async_callback(keys.aclose)
    issuer, audience = settings.bot_token_issuer, settings.microsoft_app_id
    return tokens, Verifier(keys, issuer=issuer, audience=audience, now=time.time)


def _tenant(settings: Settings) -> str:
    return "" if settings.microsoft_app_type == "MultiTenant" else settings.microsoft_app_tenant_id
