"""Entra's error answers, as https://learn.microsoft.com/entra/identity-platform/reference-error-codes lists them."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from infra.local.world import World

GRANT = "invalid_grant"
CLIENT = "invalid_client"
REQUEST = "invalid_request"


@dataclass
class EntraError(Exception):
    """Raised anywhere below the token endpoint; becomes Entra's JSON body."""

    error: str
    code: int
    text: str
    suberror: str = ""
    status: int = 400
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


def response(world: World, error: EntraError) -> web.Response:
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    stamp = world.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
    body: dict[str, Any] = {
        "error": error.error,
        "error_description": f"AADSTS{error.code}: {error.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
        "error_codes": [error.code],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{world.urls.login}/error?code={error.code}",
        **error.extra,
    }
    if error.suberror:
        body["suberror"] = error.suberror
    return web.json_response(body, status=error.status, headers={"Cache-Control": "no-store"})


def consent_required(world: World, missing: list[str]) -> EntraError:
    return EntraError(
        GRANT,
        65001,
        f"The user or administrator has not consented to use the application with ID '{world.app_id}' named "
        f"'{world.bot_name}'. Send an interactive authorization request for this user and resource. "
        f"Missing: {' '.join(missing)}.",
        "consent_required",
    )


def interaction_required() -> EntraError:
    return EntraError(
        "interaction_required",
        50076,
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must use "
        "multi-factor authentication to access '00000003-0000-0000-c000-000000000000'.",
        "basic_action",
    )


def expired_grant() -> EntraError:
    return EntraError(
        GRANT, 700082, "The refresh token has expired due to inactivity. It was inactive for 90.00:00:00."
    )


def revoked_grant() -> EntraError:
    return EntraError(
        GRANT,
        50173,
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. "
        "The user might have changed or reset their password.",
        "bad_token",
    )


def claims_required(claims: str) -> EntraError:
    return EntraError(
        "interaction_required",
        50158,
        "External security challenge not satisfied. The request must carry the claims of the resource's challenge.",
        "",
        400,
        {"claims": claims},
    )
