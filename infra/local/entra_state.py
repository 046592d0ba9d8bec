"""What Entra remembers: who consented to what, whose tokens were revoked, which codes and refresh tokens are out."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from infra.local.company.model import Company
from infra.local.world import World

REFRESH_LIFETIME = timedelta(days=90)
CODE_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Code:
    """One authorization code and what it was asked with."""

    person_id: str
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    nonce: str
    challenge: str
    issued: datetime


@dataclass(slots=True)
class Refresh:
    person_id: str
    client_id: str
    scopes: tuple[str, ...]
    issued: datetime
    used: int = 0


@dataclass(slots=True)
class EntraState:
    """`world.state["entra"]`."""

    consents: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Person id -> scopes granted. Who is not listed has granted everything."""
    interaction: set[str] = field(default_factory=set[str])
    """People who must do multi-factor authentication before any more tokens are issued for them."""
    revoked: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Access tokens of a person issued before this moment are refused by Graph with a claims challenge."""
    ended: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Refresh tokens of a person issued before this moment are dead (password reset, account disabled)."""
    codes: dict[str, Code] = field(default_factory=dict[str, Code])
    redeemed: set[str] = field(default_factory=set[str])
    refresh: dict[str, Refresh] = field(default_factory=dict[str, Refresh])
    single_use_refresh: bool = False
    """True: a refresh token works once. Entra lets old ones live; a client must keep the newest all the same."""
    withheld: set[str] = field(default_factory=set[str])
    """Of OpenID Connect's own scopes, those that were never consented to: what they stand for is left out of the answer."""
    certificates: list[x509.Certificate] = field(default_factory=list[x509.Certificate])
    """Registered on the app, for client assertions."""
    federated_subjects: set[str] = field(default_factory=set[str])
    """Managed identities whose tokens the app accepts instead of a secret."""
    redirect_uris: set[str] = field(default_factory=set[str])
    """Registered besides loopback addresses, which are accepted with any port and path."""
    loopback_redirects: bool = True
    """False: those must be registered as well."""
    app_roles: tuple[str, ...] = ("User.Read.All", "TeamsAppInstallation.ReadWriteSelfForUser.All")
    lifetime: int = 3600
    """Seconds an access token lives."""

    def missing(self, person_id: str, scopes: tuple[str, ...]) -> list[str]:
        granted = self.consents.get(person_id)
        return [] if granted is None else [scope for scope in scopes if scope not in granted]

    def new_refresh(self, grant: Refresh) -> str:
        token = f"0.AAA{secrets.token_urlsafe(48)}"
        self.refresh[token] = grant
        return token


def entra_state(world: World) -> EntraState:
    found: Any = world.state.get("entra")
    if isinstance(found, EntraState):
        return found
    unconsented = _unconsented(world.company)
    state = EntraState(consents={unconsented: set()} if unconsented else {})
    state.federated_subjects.add(managed_identity_id(world))
    world.state["entra"] = state
    return state


def managed_identity_id(world: World) -> str:
    """Client id of the user-assigned identity of the machine the bot runs on; also its subject."""
    return world.app_id[:-4] + "a1d1"


def revoke(world: World, person_id: str, *, end_session: bool = False) -> None:
    """Continuous access evaluation: Graph refuses the person's tokens issued up to this second; tokens carry whole seconds.

    `end_session` also ends the refresh tokens.
    """
    now = world.clock.now().replace(microsecond=0) + timedelta(seconds=1)
    state = entra_state(world)
    state.revoked[person_id] = now
    if end_session:
        state.ended[person_id] = now


def is_revoked(world: World, person_id: str, issued: Any) -> bool:
    """Whether Graph refuses a token of this person that was issued then (seconds since 1970)."""
    state = world.state.get("entra")
    revoked = state.revoked.get(person_id) if isinstance(state, EntraState) else None
    return revoked is not None and isinstance(issued, int) and issued < revoked.timestamp()


def _unconsented(company: Company) -> str:
    """One member who asks none of the example questions and has not consented to anything yet."""
    askers = {question.person_id for question in company.questions}
    for person in reversed(company.people):
        if not person.is_guest and person.id not in askers and askers:
            return person.id
    return ""
