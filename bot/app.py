"""Puts everything together: the only file that knows everybody."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module

from aiohttp import web

from bot.agent.history import History
from bot.agent.tools import Tool
from bot.answering import Answering, Event
from bot.beside import beside
from bot.cards.seal import CardSeal
from bot.choice import model_words
from bot.compose import handlers as compose_handlers
from bot.digests.service import Arranged, Digests
from bot.discover import discover
from bot.health import health
from bot.outbound import Outbound, tls_context
from bot.policy.file import read as read_policy
from bot.router import Command, Router
from bot.routing.breaker import Circuits
from bot.routing.ledger import Ledger
from bot.routing.membership import SCOPES as DIRECTORY
from bot.routing.membership import Directory
from bot.routing.metered import Metering
from bot.routing.permitted import Permitted
from bot.services import AskToSignIn, Services
from bot.settings import Settings
from bot.signin.asking import SignInCards
from bot.signin.credentials import AppIdentity, AppTokens, NoTokens
from bot.signin.page import SignInPage
from bot.signin.tokens import SignIn
from bot.signin.transport import Transport
from bot.store.answers import Answers
from bot.store.database import Database, StoreUnavailable
from bot.store.feedback import Feedback
from bot.store.heard import Heard
from bot.store.inbox import Inbox
from bot.store.memories import Memories
from bot.store.pending import Pending
from bot.store.personal import Personal
from bot.store.preferences import Preferences
from bot.store.references import References
from bot.store.runs import Runs
from bot.store.subscriptions import Subscriptions
from bot.store.summaries import Summaries
from bot.store.token_cache import TokenCache
from bot.store.transcripts import Transcripts
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
from bot.watched import Watched
from graph.client import GraphClient
from graph.discover import available, first_scopes
from graph.options import Options
from providers.base import DoorSettings
from providers.discover import discover as discover_doors
from providers.discover import open_models

WARMING = web.AppKey[asyncio.Task[None]]("warming")
"""Ends when everything that is loaded late is loaded."""
CONVERSATIONS = 1000
"""Worked on at once by one process; the others wait in the inbox."""


@dataclass(frozen=True, slots=True)
class Core:
    """What a conversation needs, whatever front it comes through."""

    database: Database
    outbound: Outbound
    identity: AppIdentity
    transport: Transport
    sign_in: SignIn
    graph: GraphClient
    page: SignInPage
    router: Router
    services: Callable[[AskToSignIn], Services]


Refine = Callable[[Services], Services]
"""The last word on what commands work with: another audience rule, fewer sources, shorter deadlines."""
Arrange = Callable[[Office], Office]
"""The last word on how conversations are written into."""


@asynccontextmanager
async def core(settings: Settings, vendors: Mapping[str, str], base_url: Callable[[], str]) -> AsyncGenerator[Core]:
    """Opens store, models, Graph and sign-in, and closes them in the opposite order.

    `vendors`: the vendors' own environment variables. `base_url`: where the sign-in page is reached. Raises
    `ConfigurationError`, `WrongCredentials`, `ValueError`, each with a sentence for whoever runs us.
    """
    async with AsyncExitStack() as stack:
        keys = [key.get_secret_value() for key in settings.encryption_keys]
        models = _models(settings, vendors)
        for model in models.values():
            stack.push_async_callback(model.aclose)
        policy = read_policy(settings.policy, doors=discover_doors(), models={n: m.door for n, m in models.items()})
        identity = AppIdentity.of(settings) if settings.microsoft_app_id else AppIdentity("", "", "", "")
        database = await Database.open(settings.database_url, keys)
        stack.push_async_callback(database.aclose)
        ledger = Ledger.of(
            database, models.values(), _now, prices=settings.prices, budgets=policy.budgets, tell_from=settings.estimate_above
        )  # fmt: skip
        stack.push_async_callback(ledger.aclose)
        outbound = Outbound(tls_context(settings.ca_bundle))
        stack.push_async_callback(outbound.aclose)
        transport = Transport(outbound, settings.login_base_url, clock=time.time)
        # Without an app nobody can sign in, so there is nothing to search (a local run of the bare conversation).
        options = Options(settings.shared_mailboxes, copilot=settings.copilot)
        sources = available(options) if settings.microsoft_app_id else {}
        tokens, scopes = TokenCache(database), first_scopes(sources)
        scopes += DIRECTORY if sources and policy.asks_directory else ()
        sign_in = SignIn(identity, settings.login_base_url, transport, tokens, scopes=scopes, clock=time.time)
        stack.push_async_callback(sign_in.aclose)
        graph = _graph(settings, options)
        stack.push_async_callback(graph.aclose)
        directory = Directory(policy, sign_in, graph, clock=time.monotonic)

        circuits = Circuits(time.monotonic)

        def services(ask_to_sign_in: AskToSignIn) -> Services:
            return Services(
                models=models,
                sources=sources,
                tools=discover(import_module("bot.tools"), "TOOL", Tool),
                graph=graph,
                sign_in=sign_in,
                transcripts=Transcripts(database),
                now=_now,
                ask_to_sign_in=ask_to_sign_in,
                seal=CardSeal(keys, now=time.time),
                preferences=Preferences(database),
                personal=Personal(database),
                history=History(Transcripts(database), Summaries(database)),
                memories=Memories(database),
                answers=Answers(database),
                feedback=Feedback(database),
                link_hosts=frozenset(settings.link_hosts),
                heard=Heard(database),
                subscriptions=Subscriptions(database),
                runs=Runs(database),
                policy=policy,
                asker=directory.asker,
                ledger=ledger,
                circuits=circuits,
                steps=(Metering(ledger), Permitted(policy, directory.asker), circuits),
            )

        page = SignInPage(sign_in, keys, settings.login_base_url, base_url=base_url)
        yield Core(database, outbound, identity, transport, sign_in, graph, page, router(model_words(models)), services)


def router(models: Iterable[str] = ()) -> Router:
    """`models`: what people may call one (`bot.choice.model_words`)."""
    commands = discover(import_module("bot.commands"), "COMMAND", Command)
    return Router(commands, commands["ask"], unknown=commands["unknown"], models=models or model_words())


def _models(settings: Settings, vendors: Mapping[str, str]) -> dict[str, Watched]:
    # Second tries are made by the circuit breaker, where all calls share one budget of them.
    opened = open_models(settings.models, DoorSettings(vendors, settings.ca_bundle, retries=0))
    return {name: Watched(model, now=_now) for name, model in opened.items()}


def _graph(settings: Settings, options: Options) -> GraphClient:
    hosts = settings.download_hosts
    return GraphClient(settings.graph_base_url, ca_bundle=settings.ca_bundle, download_hosts=hosts, options=options)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


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
    hosts = frozenset(settings.service_url_hosts)
    now = asyncio.get_running_loop().time
    connector = Connector(parts.outbound, tokens, hosts, tenant_windows=tenant_windows, now=now)
    refusals, references = Refusals(now=time.time, kept=Preferences(parts.database)), References(parts.database)
    office = Office(
        connector, Roster(connector, now=now), timing, refusals,
        personal=PersonalChats(connector, references).of, groups=Groups(connector),
    )  # fmt: skip
    cards = SignInCards(parts.identity.sign_in_id, parts.page.link, sso=not settings.parley_local)
    events = discover(import_module("bot.events"), "EVENT", Event)
    answering = Answering(parts.router, arrange(office), references, Pending(parts.database), cards, events)
    inbox = Inbox(parts.database, owner=f"{os.getpid()}-{time.time_ns()}", concurrency=CONVERSATIONS)
    turns = Turns(inbox, answering.handle, answering.apologise)
    digests = Digests(parts.database, settings.database_url, references, turns, arranged)
    services = replace(
        parts.services(answering.ask_to_sign_in),
        open_conversation=answering.open_conversation,
        ask_privately=answering.ask_privately,
        offer_consent=answering.offer_consent,
        wake_digests=digests.wake,
        attachment=Attachments(parts.outbound, tokens, hosts).fetch,
    )
    answering.services, answering.turns = refine(services), turns
    parts.sign_in.on_signed_in = answering.on_signed_in
    await turns.start()
    stack.push_async_callback(turns.aclose)
    compose = compose_handlers(answering, cards.link)
    invokes = Invokes(sign_in=parts.sign_in, rate=answering.rated, act=answering.clicked, compose=compose)
    adapter = Adapter(Authentication(verifier, connector), invokes)
    endpoint = Endpoint(
        gate=Gate(_tenant(settings), hosts), verifier=verifier, admit=answering.admit, adapter=adapter,
        local=settings.parley_local, unavailable=(StoreUnavailable, OSError), kinds=answering.kinds,
    )  # fmt: skip
    app = web.Application()
    app[WARMING] = beside(stack, parts.database, parts.graph, audit_days=settings.audit_days)
    if settings.digests:
        digests.start(answering.services, answering.personal_chat, after=app[WARMING])
        stack.push_async_callback(digests.aclose)
    app.add_routes([*endpoint.routes(), *parts.page.routes(), *health(parts.database)])
    return app


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
