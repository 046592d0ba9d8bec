"""The real SDKs against the vendors' wires of the local tenant, on a loopback port."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from infra.local.company.model import Company
from infra.local.vendors import (
    azure,
    bedrock,
    claude,
    claude_batches,
    cloud_tokens,
    foundry,
    openai,
    openai_batches,
    vertex,
)
from infra.local.vendors.script import Reply
from infra.local.wire import wire_app
from infra.local.world import Clock, Recorded, World
from providers.base import DoorSettings, Evidence, Message, Part, Provider, Request, Response, Text, ToolSpec
from providers.discover import open_models

MODELS = {
    "claude": "anthropic:claude-sonnet-5-5",
    "gpt": "openai:gpt-6.2-sol",
    "compatible": "compatible:llama+images",
    "foundry": "foundry:our-claude",
    "bedrock": "bedrock:eu.anthropic.claude-sonnet-5-5-v1:0",
    "vertex": "vertex:claude-sonnet-5-5@20261001",
    "azure": "azure:our-gpt",
    "offline": "offline:extract",
}
VENDORS = ("claude", "gpt", "compatible", "foundry", "bedrock", "vertex", "azure")
CLAUDES = ("claude", "foundry", "bedrock", "vertex")
ANSWERED_BY = {
    **dict.fromkeys(CLAUDES, "claude-sonnet-5-5"),
    **dict.fromkeys(("gpt", "azure"), "gpt-6.2-sol"),
    "compatible": "llama",
}
"""What the vendor's response calls the model, whatever the door calls it."""
BUDGET = Evidence(
    "S1", "Falcon budget", "The budget of Falcon is 48,500 EUR.\nThe supplier is Nordwind GmbH.", detail="Anna"
)
HOTEL = Evidence("S2", "Travel policy", "Hotels are paid up to 140 EUR a night.")
SCHEMA = {
    "type": "object",
    "properties": {"query": {"type": "string", "minLength": 1}},
    "required": ["query"],
    "additionalProperties": False,
}
TOOLS = (ToolSpec("search_mail", "Searches mail.", SCHEMA), ToolSpec("search_files", "Searches files.", SCHEMA))


def asked(*parts: Part, tools: tuple[ToolSpec, ...] = (), effort: str = "low") -> Request:
    assert effort == "low"
    return Request("Answer from the evidence.", (Message("user", parts),), tools, cache_key="k", user_hash="u1")


QUESTION = Text("Question: What is the budget of Falcon?")


async def drained(provider: Provider, request: Request) -> tuple[list[str], Response]:
    """The deltas and the one response; what was streamed is what the message says."""
    deltas: list[str] = []
    responses: list[Response] = []
    async for part in provider.stream(request):
        if isinstance(part, Response):
            responses.append(part)
        else:
            assert not responses
            deltas.append(part)
    assert len(responses) == 1
    assert "".join(deltas) == responses[0].message.text
    return deltas, responses[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One loop for all tests of this folder, since they share one server and the SDKs' clients."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def environment_of(url: str) -> dict[str, str]:
    return {
        "ANTHROPIC_API_KEY": "key",
        "ANTHROPIC_BASE_URL": f"{url}/claude",
        "OPENAI_API_KEY": "key",
        "OPENAI_BASE_URL": f"{url}/openai/v1",
        "COMPATIBLE_BASE_URL": f"{url}/openai/v1",
        "ANTHROPIC_FOUNDRY_BASE_URL": f"{url}/foundry",
        "ANTHROPIC_FOUNDRY_API_KEY": foundry.KEY,
        "ANTHROPIC_BEDROCK_BASE_URL": f"{url}/bedrock",
        "AWS_REGION": "eu-central-1",
        "AWS_BEARER_TOKEN_BEDROCK": bedrock.KEY,
        "ANTHROPIC_VERTEX_BASE_URL": f"{url}/vertex",
        "ANTHROPIC_VERTEX_PROJECT_ID": "our-project",
        "CLOUD_ML_REGION": "europe-west1",
        "AZURE_OPENAI_ENDPOINT": f"{url}/azure",
        "AZURE_OPENAI_API_KEY": azure.KEY,
    }


@dataclass
class Served:
    """The running wires, and the providers opened against them so far: opening one takes longer than most tests."""

    world: World
    url: str
    account: Path
    """A service account of Google's."""
    opened: dict[tuple[str, float, int], Provider] = field(default_factory=dict[tuple[str, float, int], Provider])


class Vendors:
    """One test's view of them: what was recorded, scripted and set, begins empty."""

    def __init__(self, served: Served) -> None:
        self.world, self.url = served.world, served.url
        self.world.record, self.world.state, self.world.faults, self.world.clock = [], {}, [], Clock()
        self.environment = environment_of(self.url)
        self.own: list[Provider] = []
        """Opened for this test alone."""
        self._shared = served.opened

    def open(
        self, name: str, *, model: str = "", read_timeout: float = 20.0, retries: int = 2, shared: bool = True
    ) -> Provider:
        door = MODELS[name].split(":")[0]
        entry = f"{name}={door}:{model}" if model else f"{name}={MODELS[name]}"
        shared = shared and self.environment == environment_of(self.url)
        known = self._shared.get((entry, read_timeout, retries)) if shared else None
        if known is not None:
            return known
        settings = DoorSettings(self.environment, read_timeout=read_timeout, retries=retries)
        provider = open_models([entry], settings)[name]
        if shared:
            self._shared[entry, read_timeout, retries] = provider
        else:
            self.own.append(provider)
        return provider

    def say(self, *replies: Reply) -> None:
        self.world.state.setdefault("script", []).extend(replies)

    @property
    def last(self) -> Recorded:
        return self.world.record[-1]

    def wire(self, name: str) -> Literal["claude", "openai"]:
        """Whose faults the door of `name` meets."""
        return "claude" if name in CLAUDES else "openai"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    company = Company("tenant", "Company", "example.org", datetime(2026, 11, 22, tzinfo=UTC))
    world = World(company, bot_keys=[], entra_keys=[])
    app = web.Application(client_max_size=64 * 1024 * 1024)
    claudes = [*claude.routes(world), *claude_batches.routes(world)]
    app.add_subapp("/claude", wire_app("claude", world, claudes))
    openais = [*openai.routes(world), *openai_batches.routes(world)]
    app.add_subapp("/openai/v1", wire_app("openai", world, openais))
    for name, wire in (("foundry", foundry), ("bedrock", bedrock), ("vertex", vertex)):
        app.add_subapp(f"/{name}", wire_app("claude", world, wire.routes(world)))
    app.add_subapp("/azure/openai/v1", wire_app("openai", world, azure.routes(world)))
    tokens = web.Application()
    tokens.add_routes(cloud_tokens.routes(world))
    app.add_subapp("/tokens", tokens)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    account = tmp_path_factory.mktemp("google") / "account.json"
    account.write_text(json.dumps(_service_account(url)), encoding="utf-8")
    running = Served(world, url, account)
    try:
        yield running
    finally:
        for provider in running.opened.values():
            await provider.aclose()
        await runner.cleanup()


def _service_account(url: str) -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    return {
        "type": "service_account",
        "project_id": "our-project",
        "private_key_id": "k1",
        "private_key": key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode(),
        "client_email": "parley@our-project.iam.gserviceaccount.com",
        "token_uri": f"{url}/tokens/google",
    }


@pytest_asyncio.fixture(loop_scope="session")
async def vendors(served: Served, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Vendors]:
    # Read by Google's library, not by us.
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(served.account))
    mine = Vendors(served)
    yield mine
    for provider in mine.own:
        await provider.aclose()
