"""Sign-in as the app builds it, against the local tenant's Entra over TLS with the real MSAL."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.context import Person
from bot.outbound import Outbound, tls_context
from bot.settings import Settings
from bot.signin.credentials import AppIdentity
from bot.signin.tokens import SignIn
from bot.signin.transport import Transport
from infra.local import tenant as local
from infra.local import tokens
from infra.local.entra_state import entra_state
from infra.local.world import Recorded, World
from tests.signin.stores import MemoryStore

SCOPES = ("Mail.Read", "Files.Read.All")


def make_settings(world: World, **changes: Any) -> Settings:
    return Settings(**{**local.settings(world), "encryption_keys": Fernet.generate_key().decode(), **changes})


@dataclass
class Stack:
    world: World
    settings: Settings
    transport: Transport
    store: MemoryStore
    sign_in: SignIn
    arrived: list[Person] = field(default_factory=list[Person])

    def clock(self) -> float:
        return self.world.clock.now().timestamp()

    def person(self, name: str) -> Person:
        found = self.world.person(name)
        return Person(found.id, found.name, self.world.company.tenant_id, found.teams_id)

    def assertion(self, person: Person, **claims: Any) -> str:
        """What Teams' single sign-on hands to the bot."""
        return tokens.mint_user(
            self.world, person.id, "access_as_user", audience=f"api://botid-{self.world.app_id}", **claims
        )

    def token_requests(self, grant: str = "") -> list[Recorded]:
        return [
            r for r in self.world.record if r.wire == "entra" and r.path.endswith("/token") and grant in str(r.body)
        ]

    def replica(self, **changes: Any) -> SignIn:
        async def arrived(person: Person) -> None:
            self.arrived.append(person)

        identity = AppIdentity.of(self.settings)
        given = {"scopes": SCOPES, "clock": self.clock, "on_signed_in": arrived, **changes}
        return SignIn(identity, self.settings.login_base_url, self.transport, self.store, **given)


@pytest.fixture
async def stack(tenant: World) -> AsyncIterator[Stack]:
    entra_state(tenant).consents.clear()  # everybody has agreed; tests take that back where it matters
    async with stack_for(tenant, make_settings(tenant)) as built:
        yield built


@asynccontextmanager
async def stack_for(tenant: World, settings: Settings) -> AsyncGenerator[Stack]:
    outbound = Outbound(tls_context(settings.ca_bundle))
    transport = Transport(outbound, settings.login_base_url, clock=lambda: tenant.clock.now().timestamp())
    built = Stack(tenant, settings, transport, MemoryStore(), sign_in=None)  # type: ignore[arg-type]  # -- set next line
    built.sign_in = built.replica()
    yield built
    await built.sign_in.aclose()
    await outbound.aclose()


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """All that any library logs at DEBUG, as an operator who turned everything on would see it."""
    caplog.set_level(logging.DEBUG)
    return lambda: "\n".join(f"{r.getMessage()} {r.exc_text or ''}" for r in caplog.records)
