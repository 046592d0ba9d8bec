"""Access tokens of the local tenant: made by Entra, checked by Graph, as both do it with Microsoft's."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import jwt

from infra.local.world import World

GRAPH_AUDIENCE = "https://graph.microsoft.com"
GRAPH_AUDIENCES = frozenset({GRAPH_AUDIENCE, "00000003-0000-0000-c000-000000000000"})


class InvalidToken(Exception):
    """Why a token is refused, as a sentence."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a token speaks for."""

    person_id: str
    """Entra object id; empty for the app itself."""
    scopes: frozenset[str]
    """Delegated scopes, or the application roles when `app_only`."""
    app_only: bool
    issued: int = 0
    """Seconds since 1970."""


def mint_user(
    world: World,
    person_id: str,
    scopes: Collection[str] | str,
    *,
    audience: str = GRAPH_AUDIENCE,
    lifetime: int = 3600,
    **claims: Any,
) -> str:
    """A delegated access token. `scopes` is a list or a space-separated string; `lifetime` in seconds; `claims` override."""
    person = world.person(person_id)
    named = scopes.split() if isinstance(scopes, str) else scopes
    own = {
        "oid": person.id,
        "sub": person.id,
        "name": person.name,
        "preferred_username": person.mail,
        "upn": person.mail,
        "scp": " ".join(named),
        "azp": world.app_id,
        "appid": world.app_id,
    }
    return _sign(world, audience, lifetime, {**own, **claims})


def mint_app(
    world: World, audience: str = GRAPH_AUDIENCE, roles: Collection[str] = (), *, lifetime: int = 3600, **claims: Any
) -> str:
    """An app-only access token with application permissions (`roles`)."""
    own = {"appid": world.app_id, "azp": world.app_id, "idtyp": "app", "roles": list(roles), "sub": world.app_id}
    return _sign(world, audience, lifetime, {**own, **claims})


def verify(world: World, token: str, audiences: Collection[str] = GRAPH_AUDIENCES) -> Caller:
    """Raises `InvalidToken`. Signature by one of Entra's keys, audience, issuer's tenant, and times against the world's clock."""
    claims = _claims(world, token, audiences)
    now = world.clock.now().timestamp()
    if not isinstance(claims.get("exp"), int) or claims["exp"] <= now:
        raise InvalidToken("Lifetime validation failed, the token is expired.")
    if int(claims.get("nbf", 0)) > now + 300:
        raise InvalidToken("Lifetime validation failed, the token is not yet valid.")
    if claims.get("tid") != world.company.tenant_id:
        raise InvalidToken("The token was issued for another tenant.")
    issued = int(claims.get("iat", 0))
    if claims.get("idtyp") == "app":
        return Caller("", frozenset(claims.get("roles", [])), app_only=True, issued=issued)
    if all(person.id != claims.get("oid") for person in world.company.people):
        raise InvalidToken("The token's user is not in this tenant.")
    return Caller(claims["oid"], frozenset(str(claims.get("scp", "")).split()), app_only=False, issued=issued)


def _claims(world: World, token: str, audiences: Collection[str]) -> dict[str, Any]:
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise InvalidToken("Access token is malformed.") from error
    key = next((key for key in world.entra_keys if key.kid == kid), None)
    if key is None:
        raise InvalidToken("Access token validation failure. Invalid signing key.")
    # Times are checked against the world's clock by the caller; PyJWT only knows the machine's.
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.private.public_key(),
            algorithms=["RS256"],
            audience=list(audiences),
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.InvalidAudienceError as error:
        raise InvalidToken("Access token validation failure. Invalid audience.") from error
    except jwt.PyJWTError as error:
        raise InvalidToken("Access token validation failure.") from error
    return claims


def _sign(world: World, audience: str, lifetime: int, claims: dict[str, Any]) -> str:
    issued = int(world.clock.now().timestamp())
    tenant = world.company.tenant_id
    standard = {
        "aud": audience,
        "iss": f"https://login.microsoftonline.com/{tenant}/v2.0",
        "tid": tenant,
        "iat": issued,
        "nbf": issued,
        "exp": issued + lifetime,
        "ver": "2.0",
        "uti": uuid.uuid4().hex,
    }
    return world.entra_keys[-1].sign({**standard, **claims})
