"""Somebody's Graph against the local tenant, with time that only moves when the client waits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from graph.client import Call, Graph, GraphClient
from graph.errors import ConsentRequired
from graph.options import Options
from infra.local.tokens import mint_user
from infra.local.world import World

EVERYTHING = Options(shared_mailboxes=("support@tidewell.example",), copilot=True)


@dataclass
class Time:
    """Sleeping moves it on at once and leaves a note."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list[float])

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class People:
    """`of("Sofia")` is Sofia's Graph; `asked` are the (person, scopes, claims) tokens were asked for."""

    client: GraphClient
    world: World
    asked: list[tuple[str, tuple[str, ...], str | None]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list[Call])
    granted: frozenset[str] | None = None
    """Permissions people agreed to, as Entra knows them; None: all."""
    lost: frozenset[str] = frozenset()
    """Permissions that no token carries, whatever was asked for."""

    def of(self, name: str, scopes: tuple[str, ...] = ("Mail.Read",), timezone: str = "Europe/Lisbon") -> Graph:
        person = self.world.person(name)

        async def token(wanted: tuple[str, ...], claims: str | None) -> str:
            self.asked.append((name, wanted, claims))
            await asyncio.sleep(0)
            missing = tuple(scope for scope in wanted if self.granted is not None and scope not in self.granted)
            if missing:
                raise ConsentRequired("Somebody has to agree first.", scopes=missing)
            return mint_user(self.world, person.id, [scope for scope in wanted if scope not in self.lost])

        return self.client.for_person(person.id, token, scopes=scopes, record=self.calls.append, timezone=timezone)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def people(tenant: World, time: Time) -> AsyncIterator[People]:
    """Today is the company's."""
    client = GraphClient(
        tenant.urls.graph,
        monotonic=time.monotonic,
        sleep=time.sleep,
        clock=tenant.company.today.timestamp,
        options=EVERYTHING,
    )
    await client.wire()
    yield People(client, tenant)
    await client.aclose()
