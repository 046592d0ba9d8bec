"""The product as people meet it: the real server on a socket beside the local tenant, and what the tests ask of both."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.fernet import Fernet

from bot.app import create_app
from bot.digests.service import Arranged
from bot.services import Services
from bot.settings import Settings
from bot.teams.displays import Timing
from bot.texts import Texts, languages
from infra.local.teams import SeenMessage, TeamsClient
from infra.local.tenant import environment, running
from infra.local.tenant import settings as tenant_settings
from infra.local.vendors.script import Reply, View
from infra.local.world import Recorded, World
from tests.reading import SharedDocuments
from tests.store.prepared import sqlite_in

OAUTH_CARD = "application/vnd.microsoft.card.oauth"
QUICK = Timing(
    status_delay=0.0,
    text_delay=0.01,
    stream_interval=0.05,
    stream_gap=0.02,
    edit_interval=0.05,
    close_after=100.0,
    edit_gap=0.02,
)
"""The real rhythm with short waits, for tests that are about something else than time."""
DOORS = {
    "offline": "offline=offline:extract",
    "claude": "claude=anthropic:claude-sonnet-5",
    "gpt": "gpt=openai:gpt-5.6",
    "compatible": "compatible=compatible:llama-local",
}


@dataclass(slots=True)
class Parley:
    """Teams and the bot, ready for people to talk."""

    world: World
    teams: TeamsClient
    url: str
    signed_in: set[str] = field(default_factory=set)
    services: Services = field(init=False)
    """What the bot works with, where `parley_running` made both."""

    async def sign_in(self, *people: str) -> None:
        """Through single sign-on, as Teams does when it shows the card."""
        for person in people:
            if person not in self.signed_in:
                card = await self.teams.answer_to(await self.teams.say(person, "sign in"), quiet=0.1)
                status, body = await self.teams.sso(person, card.card(OAUTH_CARD))
                assert status == 200, body
                self.signed_in.add(person)

    async def ask(self, person: str, text: str, chat: str = "personal", **more: Any) -> SeenMessage:
        """Asks and waits for the answer of a model."""
        said = await self.teams.say(person, text, chat, **more)
        return await self.teams.answer_to(said, timeout=100, until=lambda message: message.ai_label)

    def received(self, *wires: str, since: int = 0) -> list[Recorded]:
        """What reached these wires after the first `since` requests of the record."""
        return [request for request in self.world.record[since:] if request.wire in wires]

    def sent_to_teams(self, since: int = 0) -> list[Any]:
        """Bodies of everything the bot wrote into conversations."""
        return [r.body for r in self.received("connector", since=since) if r.method in {"POST", "PUT"}]


def said_as(key: str) -> tuple[str, ...]:
    """A fixed text in every language: people read theirs."""
    return tuple(Texts(language)(key) for language in languages())


def citing(text: str, words: str) -> Callable[[View], Reply]:
    """A model that says `text` and cites the first piece of evidence with these words in it."""

    def reply(view: View) -> Reply:
        found = next((block.id for block in view.blocks if words in block.text), "S999")
        return Reply(text=f"{text} [{found}]")

    return reply


@asynccontextmanager
async def parley_running(
    world: World,
    folder: Path,
    *,
    door: str = "offline",
    refine: Callable[[Services], Services] | None = None,
    timing: Timing = QUICK,
    digests: Arranged | None = None,
    **overrides: Any,
) -> AsyncGenerator[Parley]:
    """Tenant and bot on free ports, the store in `folder`. `refine` and `overrides` (settings) change the build."""
    world.state["rates_off"] = True
    used: list[Services] = []

    def refined(services: Services) -> Services:
        used.append(refine(services) if refine else services)
        return used[-1]

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(world))
        url = await stack.enter_async_context(
            bot_running(world, folder, door=door, refine=refined, timing=timing, digests=digests, **overrides)
        )
        teams = await stack.enter_async_context(TeamsClient(world, url))
        parley = Parley(world, teams, url)
        parley.services = used[-1]
        yield parley


@asynccontextmanager
async def bot_running(
    world: World,
    folder: Path,
    *,
    door: str,
    refine: Callable[[Services], Services] | None,
    timing: Timing,
    digests: Arranged | None = None,
    **overrides: Any,
) -> AsyncGenerator[str]:
    """The bot alone; yields its origin."""
    values: Mapping[str, Any] = {
        "database_url": sqlite_in(folder),
        "encryption_keys": Fernet.generate_key().decode(),
        "models": DOORS[door],
        "model_lists": False,
        **tenant_settings(world),
        "digests": digests is not None,
        **overrides,
    }
    origin = [""]

    def refined(services: Services) -> Services:
        services.graph.documents = SharedDocuments()
        return refine(services) if refine else services

    app = await create_app(
        Settings(**values), environment(world), base_url=lambda: origin[0], timing=timing, refine=refined,
        digests=digests,
    )  # fmt: skip
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.25, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        origin[0] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield origin[0]
    finally:
        await runner.cleanup()
