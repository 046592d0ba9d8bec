"""Entra ID on the wire: OpenID metadata, keys, the token endpoint, the sign-in page, and the managed-identity endpoints."""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from infra.local import entra_errors, entra_page
from infra.local.entra_clients import FEDERATION_AUDIENCE, authenticate
from infra.local.entra_errors import REQUEST, EntraError
from infra.local.entra_grants import (
    app_token,
    authorization_code,
    challenge,
    client_credentials,
    on_behalf_of,
    refresh_token,
)
from infra.local.entra_state import entra_state, managed_identity_id
from infra.local.wire import FAULT_REQUEST_KEY
from infra.local.world import Fault, World

IDENTITY_HEADER = "local-tenant-identity-header"
APP_TENANTS = frozenset({"botframework.com", "d6d49420-f39b-4df7-a1dc-d59a935871db"})
SHARED_TENANTS = frozenset({"common", "organizations"})

Grant = Callable[[World, Mapping[str, str]], dict[str, Any]]
GRANTS: dict[str, Grant] = {
    "client_credentials": client_credentials,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": on_behalf_of,
    "authorization_code": authorization_code,
    "refresh_token": refresh_token,
}


def routes(world: World) -> list[web.RouteDef]:
    async def metadata(request: web.Request) -> web.Response:
        tenant = request.match_info["tenant"]
        if not _known(world, tenant):
            return entra_errors.response(world, _no_tenant(tenant))
        return web.json_response(_metadata(world, tenant))

    async def keys(_request: web.Request) -> web.Response:
        issuer = f"{world.urls.login}/{world.company.tenant_id}/v2.0"
        return web.json_response({"keys": [{**key.jwk(), "issuer": issuer} for key in world.entra_keys]})

    async def token(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        try:
            _raise_fault(world, request.get(FAULT_REQUEST_KEY))
            answer = _token(world, request.match_info["tenant"], form)
        except EntraError as error:
            return entra_errors.response(world, error)
        return web.json_response(answer, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

    return [
        web.get("/{tenant}/v2.0/.well-known/openid-configuration", metadata),
        web.get("/{tenant}/discovery/v2.0/keys", keys),
        web.post("/{tenant}/oauth2/v2.0/token", token),
        *entra_page.routes(world),
    ]


def managed_identity_routes(world: World) -> list[web.RouteDef]:
    """App Service's endpoint and the virtual machine's (IMDS), both answering for the user-assigned identity."""

    async def app_service(request: web.Request) -> web.Response:
        if request.headers.get("X-IDENTITY-HEADER") != IDENTITY_HEADER:
            return web.json_response(
                {"statusCode": 401, "message": "The X-IDENTITY-HEADER is missing or wrong."}, status=401
            )
        return _identity(world, request)

    async def imds(request: web.Request) -> web.Response:
        if request.headers.get("Metadata", "").casefold() != "true":
            body = {"error": "bad_request_102", "error_description": "Required metadata header not specified"}
            return web.json_response(body, status=400)
        return _identity(world, request)

    return [web.get("/identity/appservice", app_service), web.get("/identity/oauth2/token", imds)]


def _identity(world: World, request: web.Request) -> web.Response:
    resource = request.query.get("resource", "").removesuffix("/.default").rstrip("/")
    identity = managed_identity_id(world)
    if request.query.get("client_id", identity) not in {identity, world.app_id}:
        body = {
            "error": "invalid_request",
            "error_description": "Identity not found",
            "statusCode": 400,
            "message": "Identity not found",
        }
        return web.json_response(body, status=400)
    now = int(world.clock.now().timestamp())
    lifetime = entra_state(world).lifetime
    if resource == FEDERATION_AUDIENCE:
        issuer = f"{world.urls.login}/{world.company.tenant_id}/v2.0"
        claims = {
            "aud": resource,
            "iss": issuer,
            "sub": identity,
            "oid": identity,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
        }
        token = world.entra_keys[-1].sign(claims)
    else:
        try:
            token = app_token(world, resource)["access_token"]
        except EntraError as error:
            return web.json_response(
                {"error": error.error, "error_description": error.text, "statusCode": 400, "message": error.text},
                status=400,
            )
    return web.json_response(
        {
            "access_token": token,
            "client_id": identity,
            "expires_in": str(lifetime),
            "expires_on": str(now + lifetime),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


def _token(world: World, tenant: str, form: Mapping[str, str]) -> dict[str, Any]:
    grant = GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        raise EntraError("unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
    if not _known(world, tenant) or (tenant in SHARED_TENANTS and grant is client_credentials):
        raise _no_tenant(tenant)
    if tenant in APP_TENANTS and grant is not client_credentials:
        raise _no_tenant(tenant)
    authenticate(world, tenant, form)
    return grant(world, form)


def _raise_fault(world: World, fault: Fault | None) -> None:
    if fault is None:
        return
    if fault.kind == "expired_grant":
        raise entra_errors.expired_grant()
    if fault.kind == "claims":
        raise entra_errors.claims_required(challenge(world, ""))
    if fault.status == 429:
        raise EntraError(
            "temporarily_unavailable",
            50196,
            "The server terminated an operation because it encountered a client request loop.",
            status=429,
        )
    raise EntraError(
        "temporarily_unavailable", 90033, "A transient error has occurred. Please try again.", status=fault.status
    )


def _known(world: World, tenant: str) -> bool:
    return tenant == world.company.tenant_id or tenant in SHARED_TENANTS | APP_TENANTS


def _no_tenant(tenant: str) -> EntraError:
    return EntraError(
        REQUEST, 90002, f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
    )


def _metadata(world: World, tenant: str) -> dict[str, Any]:
    base = f"{world.urls.login}/{tenant}"
    issuer_tenant = "{tenantid}" if tenant in SHARED_TENANTS else tenant
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{world.urls.login}/{issuer_tenant}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    }
