"""Somebody's Graph against the local tenant, with time that only moves when the client waits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from graph.client import Call, Graph, GraphClient
from infra.local.tokens import mint_user
from infra.local.world import World


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

    def of(self, name: str, scopes: tuple[str, ...] = ("Mail.Read",)) -> Graph:
        person = self.world.person(name)

        async def token(wanted: tuple[str, ...], claims: str | None) -> str:
            self.asked.append((name, wanted, claims))
            await asyncio.sleep(0)
            return mint_user(self.world, person.id, wanted)

        return self.client.for_person(person.id, token, scopes=scopes, record=self.calls.append)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def people(tenant: World, time: Time) -> AsyncIterator[People]:
    client = GraphClient(tenant.urls.graph, monotonic=time.monotonic, sleep=time.sleep)
    await client.wire()
    yield People(client, tenant)
    await client.aclose()
