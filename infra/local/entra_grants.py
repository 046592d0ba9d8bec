"""The grants of the token endpoint: for the app itself, on behalf of a person, by code and by refresh token."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from typing import Any

import jwt

from infra.local import tokens
from infra.local.company.model import Person
from infra.local.entra_errors import (
    GRANT,
    REQUEST,
    EntraError,
    claims_required,
    consent_required,
    expired_grant,
    interaction_required,
    revoked_grant,
)
from infra.local.entra_state import CODE_LIFETIME, REFRESH_LIFETIME, Refresh, entra_state
from infra.local.world import World

GRAPH = "https://graph.microsoft.com"
BOT = "https://api.botframework.com"
OIDC = frozenset({"openid", "profile", "email", "offline_access"})
STANDARD_SCOPES = (
    "User.Read",
    "User.ReadBasic.All",
    "Mail.Read",
    "Calendars.Read",
    "Files.Read.All",
    "Sites.Read.All",
    "Chat.Read",
    "Team.ReadBasic.All",
    "Channel.ReadBasic.All",
    "ChannelMessage.Read.All",
)
"""What `.default` means for the app: the permissions of its registration."""


def client_credentials(world: World, form: Mapping[str, str]) -> dict[str, Any]:
    scope = form.get("scope", "")
    resource = scope.removesuffix("/.default")
    if resource == scope or " " in scope:
        raise EntraError(
            "invalid_scope",
            1002012,
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
            "/.default suffixed to the resource identifier (application ID URI).",
        )
    return app_token(world, resource)


def app_token(world: World, resource: str) -> dict[str, Any]:
    """A token for the app itself, for the Bot Connector or Graph. Raises EntraError for another resource."""
    state = entra_state(world)
    resource = resource.rstrip("/")
    if resource not in {BOT, GRAPH, world.urls.http}:
        raise EntraError(
            "invalid_resource", 500011, f"The resource principal named {resource} was not found in the tenant."
        )
    roles = () if resource == BOT else state.app_roles
    token = tokens.mint_app(world, BOT if resource == BOT else GRAPH, roles)
    return {
        "token_type": "Bearer",
        "expires_in": state.lifetime,
        "ext_expires_in": state.lifetime,
        "access_token": token,
    }


def on_behalf_of(world: World, form: Mapping[str, str]) -> dict[str, Any]:
    if form.get("requested_token_use") != "on_behalf_of":
        raise EntraError(
            REQUEST, 900144, "The request body must contain the following parameter: 'requested_token_use'."
        )
    claims = _assertion(world, form.get("assertion", ""))
    return _user_tokens(world, str(claims.get("oid", "")), _scopes(form), form)


def authorization_code(world: World, form: Mapping[str, str]) -> dict[str, Any]:
    state = entra_state(world)
    value = form.get("code", "")
    if value in state.redeemed:
        raise EntraError(
            GRANT, 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code."
        )
    code = state.codes.pop(value, None)
    if code is None:
        raise EntraError(GRANT, 9002313, "Invalid request. Request is malformed or invalid.")
    state.redeemed.add(value)
    if world.clock.now() - code.issued > CODE_LIFETIME:
        raise EntraError(
            GRANT, 70008, "The provided authorization code or refresh token has expired due to inactivity."
        )
    if form.get("redirect_uri") != code.redirect_uri:
        raise EntraError(
            GRANT, 500112, "The reply address does not match the reply address provided when requesting the code."
        )
    if code.challenge and not _verifies(form.get("code_verifier", ""), code.challenge):
        raise EntraError(
            GRANT, 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        )
    return _user_tokens(world, code.person_id, code.scopes, form, nonce=code.nonce)


def refresh_token(world: World, form: Mapping[str, str]) -> dict[str, Any]:
    state = entra_state(world)
    grant = state.refresh.get(form.get("refresh_token", ""))
    if grant is None:
        raise EntraError(GRANT, 9002313, "Invalid request. Request is malformed or invalid.")
    if world.clock.now() - grant.issued > REFRESH_LIFETIME:
        raise expired_grant()
    ended = state.ended.get(grant.person_id)
    if (ended and grant.issued <= ended) or (state.single_use_refresh and grant.used):
        raise revoked_grant()
    grant.used += 1
    _check_challenge(world, grant, form)
    return _user_tokens(world, grant.person_id, _scopes(form) or grant.scopes, form)


def _user_tokens(
    world: World, person_id: str, scopes: tuple[str, ...], form: Mapping[str, str], nonce: str = ""
) -> dict[str, Any]:
    state = entra_state(world)
    person = _person(world, person_id)
    audience, wanted = _split(world, scopes)
    if person.id in state.interaction:
        raise interaction_required()
    if missing := state.missing(person.id, wanted):
        raise consent_required(world, missing)
    claims = {"xms_cc": ["cp1"]} if "cp1" in form.get("claims", "") else {}
    token = tokens.mint_user(world, person.id, list(wanted), audience=audience, lifetime=state.lifetime, **claims)
    answer: dict[str, Any] = {
        "token_type": "Bearer",
        "scope": " ".join(scope for scope in scopes if scope != "offline_access"),
        "expires_in": state.lifetime,
        "ext_expires_in": state.lifetime,
        "access_token": token,
    }
    given = {*scopes} - state.withheld
    if "offline_access" in given:
        grant = Refresh(person.id, world.app_id, scopes, world.clock.now())
        answer["refresh_token"] = state.new_refresh(grant)
    if "openid" in given:
        answer["id_token"] = id_token(world, person, nonce, profile="profile" in given)
    if form.get("client_info") == "1":
        info = json.dumps({"uid": person.id, "utid": world.company.tenant_id}).encode()
        answer["client_info"] = base64.urlsafe_b64encode(info).decode().rstrip("=")
    return answer


def id_token(world: World, person: Person, nonce: str = "", *, profile: bool = True, **changed: Any) -> str:
    """OpenID Connect: who signed in. `changed` claims are for tests of what a client refuses.

    Without the scope `profile` nothing says whose account it is (learn.microsoft.com/entra/identity-platform/id-token-claims-reference).
    """
    now = int(world.clock.now().timestamp())
    tenant = world.company.tenant_id
    claims = {
        "aud": world.app_id,
        "iss": f"{world.urls.login}/{tenant}/v2.0",
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "name": person.name,
        "oid": person.id,
        "preferred_username": person.mail,
        "rh": "0.AAA.",
        "sub": hashlib.sha256(f"{world.app_id}{person.id}".encode()).hexdigest()[:43],
        "tid": tenant,
        "uti": uuid.uuid4().hex[:22],
        "ver": "2.0",
    }
    if not profile:
        claims = {name: value for name, value in claims.items() if name not in {"name", "oid", "preferred_username"}}
    return world.entra_keys[-1].sign(claims | ({"nonce": nonce} if nonce else {}) | changed)


def _assertion(world: World, assertion: str) -> dict[str, Any]:
    audience = {world.app_id, f"api://botid-{world.app_id}"}
    try:
        kid = jwt.get_unverified_header(assertion).get("kid")
        key = next((k for k in world.entra_keys if k.kid == kid), None)
        if key is None:
            raise jwt.InvalidKeyError("unknown kid")
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key.private.public_key(),
            algorithms=["RS256"],
            options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.PyJWTError as error:
        raise EntraError(GRANT, 50013, "Assertion failed signature validation.") from error
    if claims.get("aud") not in audience:
        raise EntraError(GRANT, 500131, "Assertion audience does not match the Client app presenting the assertion.")
    if not isinstance(claims.get("exp"), int | float) or claims["exp"] <= world.clock.now().timestamp():
        raise EntraError(GRANT, 500133, "Assertion is not within its valid time range.")
    if "access_as_user" not in str(claims.get("scp", "")).split():
        raise EntraError(GRANT, 50013, "The assertion carries no delegated permission of the app: 'access_as_user'.")
    return claims


def _check_challenge(world: World, grant: Refresh, form: Mapping[str, str]) -> None:
    """After a revocation a refresh must carry the claims of Graph's challenge, once."""
    state = entra_state(world)
    revoked = state.revoked.get(grant.person_id)
    if revoked is None or grant.issued > revoked:
        return
    try:
        asked = json.loads(form.get("claims") or "{}")["access_token"]["nbf"]["value"]
    except (ValueError, KeyError, TypeError):
        asked = ""
    if not asked:
        raise claims_required(challenge(world, grant.person_id))


def challenge(world: World, person_id: str) -> str:
    """The claims Graph demands after `revoke`, as JSON text."""
    revoked = entra_state(world).revoked.get(person_id) or world.clock.now()
    return json.dumps({"access_token": {"nbf": {"essential": True, "value": str(int(revoked.timestamp()))}}})


def _person(world: World, person_id: str) -> Person:
    try:
        return world.person(person_id)
    except KeyError:
        raise EntraError(GRANT, 50034, "The user account does not exist in the directory.") from None


def _scopes(form: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(form.get("scope", "").split()))


def _split(world: World, scopes: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """(audience, scopes without their resource). Raises EntraError for scopes of two resources."""
    own = f"api://botid-{world.app_id}"
    audiences: set[str] = set()
    names: list[str] = []
    for scope in scopes:
        if scope in OIDC:
            continue
        resource, _, name = scope.rpartition("/")
        if resource.rstrip("/") in {"", GRAPH, world.urls.http}:
            audiences.add(GRAPH)
        elif resource in {own, world.app_id}:
            audiences.add(world.app_id)
        else:
            raise EntraError(
                "invalid_scope", 70011, f"The provided value for the input parameter 'scope' is not valid: {scope}."
            )
        names.extend(STANDARD_SCOPES if name == ".default" else (name,))
    if len(audiences) > 1:
        raise EntraError(
            REQUEST, 28000, "Provided value for the input parameter scope is not valid: it has more than one resource."
        )
    return next(iter(audiences), GRAPH), tuple(dict.fromkeys(names)) or ("User.Read",)


def _verifies(verifier: str, challenge_value: str) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(digest, challenge_value)
