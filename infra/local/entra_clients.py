"""Who calls the token endpoint: a secret, the app's certificate or a managed identity's token, as Entra accepts them."""

import base64
import hmac
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from infra.local.entra_errors import CLIENT, REQUEST, EntraError
from infra.local.entra_state import entra_state
from infra.local.world import World

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FEDERATION_AUDIENCE = "api://AzureADTokenExchange"


def authenticate(world: World, tenant: str, form: Mapping[str, str]) -> None:
    """Raises EntraError unless the form proves that the bot's app sent it."""
    client_id = form.get("client_id", "")
    if client_id != world.app_id:
        raise EntraError(
            "unauthorized_client", 700016, f"Application with identifier '{client_id}' was not found in the directory."
        )
    if form.get("client_secret"):
        if not hmac.compare_digest(form["client_secret"].encode(), world.app_secret.encode()):
            raise EntraError(CLIENT, 7000215, f"Invalid client secret provided for app '{client_id}'.", status=401)
    elif form.get("client_assertion"):
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise EntraError(REQUEST, 900144, "The request body must contain the parameter: 'client_assertion_type'.")
        _check_assertion(world, tenant, form["client_assertion"])
    else:
        raise EntraError(
            CLIENT,
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            status=401,
        )


def _check_assertion(world: World, tenant: str, assertion: str) -> None:
    try:
        header = jwt.get_unverified_header(assertion)
        subject = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
    except jwt.PyJWTError as error:
        raise EntraError(CLIENT, 50027, "JWT token is invalid or malformed.", status=401) from error
    if subject == world.app_id:
        _check_certificate(world, tenant, assertion, header)
    else:
        _check_federated(world, assertion, header)


def _check_certificate(world: World, tenant: str, assertion: str, header: dict[str, Any]) -> None:
    certificate = next((c for c in entra_state(world).certificates if _names(c, header)), None)
    if certificate is None:
        raise EntraError(
            CLIENT,
            700027,
            "Client assertion failed signature validation. The certificate is not registered.",
            status=401,
        )
    audience = [
        f"{world.urls.login}/{tenant}/oauth2/v2.0/token",
        f"{world.urls.login}/{world.company.tenant_id}/v2.0",
    ]
    claims = _decode(world, assertion, certificate.public_key(), ["RS256", "PS256"], audience, 700027)
    if claims.get("sub") != world.app_id:
        raise EntraError(CLIENT, 700021, "Client assertion application identifier doesn't match.", status=401)


def _check_federated(world: World, assertion: str, header: dict[str, Any]) -> None:
    key = next((k for k in world.entra_keys if k.kid == header.get("kid")), None)
    if key is None:
        raise EntraError(CLIENT, 700211, "No matching federated identity record found for presented assertion issuer.")
    claims = _decode(world, assertion, key.private.public_key(), ["RS256"], [FEDERATION_AUDIENCE], 700212)
    if claims.get("sub") not in entra_state(world).federated_subjects:
        raise EntraError(CLIENT, 700213, "No matching federated identity record found for presented assertion subject.")


def _decode(
    world: World, token: str, key: Any, algorithms: list[str], audience: list[str], code: int
) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=algorithms,
            audience=audience,
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.InvalidAudienceError as error:
        raise EntraError(
            CLIENT, 700212, "No matching audience found for the presented assertion.", status=401
        ) from error
    except jwt.PyJWTError as error:
        raise EntraError(CLIENT, code, "Client assertion failed signature validation.", status=401) from error
    if not isinstance(claims.get("exp"), int | float) or claims["exp"] <= world.clock.now().timestamp():
        raise EntraError(CLIENT, 700024, "Client assertion is not within its valid time range.", status=401)
    return claims


def _names(certificate: x509.Certificate, header: dict[str, Any]) -> bool:
    thumbprints = {"x5t#S256": hashes.SHA256(), "x5t": hashes.SHA1()}  # noqa: S303 -- SHA-1 only names the certificate, as Entra's older clients do
    # MSAL keeps the padding that RFC 7515 leaves out; Entra takes both.
    named = {name: str(header.get(name, "")).rstrip("=") for name in thumbprints}
    return any(named[name] == _base64(certificate.fingerprint(algorithm)) for name, algorithm in thumbprints.items())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
