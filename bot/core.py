"""Opens what a conversation needs, whatever front it comes through: store, models, Graph, sign-in, and all that stands on them."""

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import Any

from bot.agent.history import History
from bot.agent.tools import Tool
from bot.cards.seal import CardSeal
from bot.choice import model_words
from bot.context import Person
from bot.cost.caps import Caps
from bot.discover import discover
from bot.outbound import Outbound, tls_context
from bot.policy.file import read as read_policy
from bot.policy.rules import Asker, Policy
from bot.router import Command, Router
from bot.routing.breaker import Circuits
from bot.routing.ledger import Ledger
from bot.routing.membership import SCOPES as DIRECTORY
from bot.routing.membership import Directory
from bot.routing.metered import Metering
from bot.routing.permitted import Permitted
from bot.routing.telemetry import Telemetry
from bot.services import AskToSignIn, Services
from bot.settings import Settings
from bot.signin.credentials import AppIdentity
from bot.signin.entra import gone
from bot.signin.page import SignInPage
from bot.signin.tokens import SignIn
from bot.signin.transport import Transport
from bot.store.answers import Answers
from bot.store.database import Database, StoreError
from bot.store.feedback import Feedback
from bot.store.heard import Heard
from bot.store.leavers import Leavers
from bot.store.memories import Memories
from bot.store.personal import Personal
from bot.store.preferences import Preferences
from bot.store.runs import Runs
from bot.store.steering import Steering
from bot.store.subscriptions import Subscriptions
from bot.store.summaries import Summaries
from bot.store.token_cache import TokenCache
from bot.store.transcripts import Transcripts
from bot.watched import Watched
from graph.base import SourceSpec
from graph.client import GraphClient
from graph.discover import available, first_scopes
from graph.options import Options
from providers.base import DoorSettings
from providers.discover import discover as discover_doors
from providers.discover import open_models

log = logging.getLogger(__name__)


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
        options, sources, scopes = searched(settings, policy)
        login, tokens = settings.login_base_url, TokenCache(database)
        sign_in = SignIn(identity, login, transport, tokens, scopes=scopes, clock=time.time)
        stack.push_async_callback(sign_in.aclose)
        graph = _graph(settings, options)
        stack.push_async_callback(graph.aclose)
        directory = Directory(policy, sign_in, graph, clock=time.monotonic)
        sign_in.on_dead = partial(_gone, Leavers(database))
        for forget in (sign_in.forget, directory.forget, lambda _: graph.documents.forget()):
            database.forgetting.add(forget)

        def services(ask_to_sign_in: AskToSignIn) -> Services:
            given = Given(models, sources, graph, sign_in, policy, directory.asker, ledger)
            return _services(settings, database, given, ask_to_sign_in)

        page = SignInPage(sign_in, keys, settings.login_base_url, base_url=base_url)
        yield Core(database, outbound, identity, transport, sign_in, graph, page, router(model_words(models)), services)


@dataclass(frozen=True, slots=True)
class Given:
    """What services stand on, opened by `core`."""

    models: Mapping[str, Watched]
    sources: Mapping[str, SourceSpec]
    graph: GraphClient
    sign_in: SignIn
    policy: Policy
    asker: Callable[[Person], Awaitable[Asker]]
    ledger: Ledger


def _services(settings: Settings, database: Database, given: Given, ask_to_sign_in: AskToSignIn) -> Services:
    keys = [key.get_secret_value() for key in settings.encryption_keys]
    circuits, telemetry = Circuits(time.monotonic), Telemetry()
    return Services(
        models=given.models,
        sources=given.sources,
        tools=discover(import_module("bot.tools"), "TOOL", Tool),
        graph=given.graph,
        sign_in=given.sign_in,
        transcripts=Transcripts(database),
        now=_now,
        ask_to_sign_in=ask_to_sign_in,
        seal=CardSeal(keys, now=time.time),
        preferences=Preferences(database),
        personal=Personal(database),
        leavers=Leavers(database),
        history=History(Transcripts(database), Summaries(database)),
        memories=Memories(database),
        answers=Answers(database),
        feedback=Feedback(database),
        link_hosts=frozenset(settings.link_hosts),
        heard=Heard(database),
        subscriptions=Subscriptions(database),
        runs=Runs(database),
        steering=Steering(database),
        caps=Caps(
            settings.digests_per_person, settings.digest_hours, settings.digest_dollars, settings.digest_batch_minutes
        ),
        policy=given.policy,
        asker=given.asker,
        ledger=given.ledger,
        circuits=circuits,
        steps=(Metering(given.ledger), Permitted(given.policy, given.asker), telemetry, circuits),
        telemetry=telemetry,
    )


async def _gone(leavers: Leavers, person: Person, result: Mapping[str, Any] | None) -> None:
    """A grant has ended for good: perhaps because its person has."""
    if gone(result):
        try:
            await leavers.left(person.id, "disabled")
        except StoreError as error:
            log.warning("that somebody has left was not written down: %s", type(error).__name__)


def router(models: Iterable[str] = ()) -> Router:
    """`models`: what people may call one (`bot.choice.model_words`)."""
    commands = discover(import_module("bot.commands"), "COMMAND", Command)
    return Router(commands, commands["ask"], unknown=commands["unknown"], models=models or model_words())


def searched(settings: Settings, policy: Policy) -> tuple[Options, Mapping[str, SourceSpec], tuple[str, ...]]:
    """What is searched, and the permissions people are asked for at first.

    Without an app nobody can sign in, so there is nothing to search (a local run of the bare conversation).
    """
    own = settings.microsoft_app_id
    options = Options(settings.shared_mailboxes, settings.copilot, own if policy.minds_labels else "")
    sources = available(options) if own else {}
    return options, sources, first_scopes(sources) + (DIRECTORY if sources and policy.asks_directory else ())


def _models(settings: Settings, vendors: Mapping[str, str]) -> dict[str, Watched]:
    # Second tries are made by the circuit breaker, where all calls share one budget of them.
    opened = open_models(settings.models, DoorSettings(vendors, settings.ca_bundle, retries=0))
    return {name: Watched(model, now=_now) for name, model in opened.items()}


def _graph(settings: Settings, options: Options) -> GraphClient:
    hosts = settings.download_hosts
    return GraphClient(settings.graph_base_url, ca_bundle=settings.ca_bundle, download_hosts=hosts, options=options)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
