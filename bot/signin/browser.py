"""What our pages do with a browser that signs in at Microsoft: send it there by code and PKCE, know it again, and keep it from more."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msal

from bot.signin.entra import refusal
from graph.errors import SignInNeeded

VALUE_MOST = 4096


def headers(policy: str) -> dict[str, str]:
    """Of every answer to a browser. `policy`: what the page may load, besides that nothing may frame it."""
    return {
        "Content-Security-Policy": f"default-src 'none'; base-uri 'none'; frame-ancestors 'none'; {policy}",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


def style_hash(style: str) -> str:
    """How a policy names an inline style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def code_flow(
    app: msal.ConfidentialClientApplication,
    scopes: list[str],
    redirect_uri: str,
    *,
    prompt: str | None = None,
    login_hint: str | None = None,
    claims: str | None = None,
) -> dict[str, Any]:
    """MSAL's flow: state, nonce and PKCE's secret, to be sealed; and, under `auth_uri`, where the browser has to go."""
    flow: dict[str, Any] = app.initiate_auth_code_flow(
        scopes,
        redirect_uri=redirect_uri,
        prompt=prompt,
        login_hint=login_hint,
        claims_challenge=claims,
        response_mode="form_post",
    )
    # A form posted from Microsoft's page would come without our SameSite=Lax cookie, which is what ties the visit to this
    # browser. MSAL warns about everything but form_post, and warnings cannot be silenced for one thread.
    parts = urlsplit(flow["auth_uri"])
    query = [(k, "query" if k == "response_mode" else v) for k, v in parse_qsl(parts.query)]
    return {**flow, "auth_uri": urlunsplit(parts._replace(query=urlencode(query)))}


def answered(query: Mapping[str, str], scopes: tuple[str, ...]) -> dict[str, str]:
    """What Microsoft sent the browser back with, as far as MSAL may see it: it builds a request header from what it finds there.

    Raises GraphError when it was sent back without a code; its `code` is `declined` when the person said no.
    """
    given = {name: value for name, value in query.items() if len(value) <= VALUE_MOST}
    if "code" in given:
        return {name: given[name] for name in ("state", "code") if name in given}
    told = {name: given.get(name, "") for name in ("error", "error_description")}
    error = refusal(told, scopes)
    if told["error"] == "access_denied" and error.code in {"AADSTS65004", "access_denied"}:
        raise SignInNeeded("The person declined.", code="declined")
    raise error


class Cookies:
    """Of one site. `base_url` gives PUBLIC_URL or the loopback address, once the server listens."""

    def __init__(self, base_url: Callable[[], str]) -> None:
        self._base_url = base_url

    def name(self, plain: str) -> str:
        """`__Host-`: no other host of the domain can have set it, and it came over https."""
        return f"{'__Host-' if self._encrypted() else ''}{plain}"

    def of_visit(self, purpose: str, state: str) -> str:
        """One cookie a visit, so that two tabs do not disturb each other."""
        return self.name(f"{purpose}-{hashlib.sha256(state.encode()).hexdigest()[:16]}")

    def rules(self) -> dict[str, Any]:
        return {"path": "/", "httponly": True, "samesite": "Lax", "secure": self._encrypted()}

    def _encrypted(self) -> bool:
        return self._base_url().startswith("https:")
