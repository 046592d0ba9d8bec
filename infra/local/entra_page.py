"""Entra's sign-in page as a browser sees it: pick who you are, agree to the permissions, go back with a code."""

import base64
import html
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from infra.local.company.model import Person
from infra.local.entra_grants import OIDC
from infra.local.entra_state import Code, entra_state
from infra.local.world import World

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{{font:16px/1.5 system-ui,sans-serif;background:#f2f2f2;margin:0;display:grid;place-items:center;min-height:100vh}}
main{{background:#fff;padding:2rem;max-width:28rem;width:100%;box-sizing:border-box;box-shadow:0 2px 8px #0003}}
button{{display:block;width:100%;margin:.4rem 0;padding:.6rem;text-align:left;font:inherit;cursor:pointer}}
small{{color:#555}}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"""


def routes(world: World) -> list[web.RouteDef]:
    """For tests `&login_hint=<mail>&auto=1` signs in and agrees without a page; `auto=deny` declines."""

    async def authorize(request: web.Request) -> web.Response:
        query = dict(request.query)
        if problem := _problem(world, query):
            return _page("Sign-in failed", f"<p>{html.escape(problem)}</p>", status=400)
        if query.get("code_challenge_method", "S256") != "S256" or query.get("response_type") != "code":
            return _back(
                query,
                {"error": "invalid_request", "error_description": "AADSTS9002325: only code with S256 is served."},
            )
        person = _chosen(world, query.get("login_hint", ""))
        if query.get("prompt") == "none" and person is None:
            return _back(
                query,
                {
                    "error": "login_required",
                    "error_description": "AADSTS50058: A silent sign-in request was sent but no user is signed in.",
                },
            )
        if person is None or ("auto" not in query and "picked" not in query):
            return _pick(world, query)
        return _decide(world, query, person)

    async def consent(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        query = {name: value for name, value in form.items() if name not in {"person", "decision"}}
        person = _chosen(world, form.get("person", ""))
        if person is None or _problem(world, query):
            return _page("Sign-in failed", "<p>Start again from the application.</p>", status=400)
        return _finish(world, query, person) if form.get("decision") == "accept" else _declined(query)

    return [
        web.get("/{tenant}/oauth2/v2.0/authorize", authorize),
        web.post("/{tenant}/oauth2/v2.0/consent", consent),
    ]


def _problem(world: World, query: Mapping[str, str]) -> str:
    if query.get("client_id") != world.app_id:
        return (
            f"AADSTS700016: Application with identifier '{query.get('client_id', '')}' was not found in the directory."
        )
    target = query.get("redirect_uri", "")
    parts, state = urlsplit(target), entra_state(world)
    if target not in state.redirect_uris and not (
        state.loopback_redirects and parts.scheme in {"http", "https"} and parts.hostname in LOOPBACK
    ):
        return "AADSTS50011: The redirect URI specified in the request does not match the redirect URIs configured for the application."
    return ""


def _chosen(world: World, hint: str) -> Person | None:
    try:
        return world.person(hint) if hint else None
    except KeyError:
        return None


def _decide(world: World, query: Mapping[str, str], person: Person) -> web.Response:
    if query.get("auto") == "deny":
        return _declined(query)
    missing = entra_state(world).missing(person.id, _names(query))
    if query.get("auto") == "1" or (not missing and query.get("prompt") != "consent"):
        return _finish(world, query, person)
    return _ask(world, query, person)


def _names(query: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(scope.rpartition("/")[2] for scope in query.get("scope", "").split() if scope not in OIDC)


def _pick(world: World, query: Mapping[str, str]) -> web.Response:
    buttons = "".join(
        f'<form method="get">{_hidden({**query, "login_hint": person.mail, "picked": "1"})}'
        f'<button data-person="{html.escape(person.id)}">{html.escape(person.name)}<br>'
        f"<small>{html.escape(person.mail)}</small></button></form>"
        for person in world.company.people
    )
    return _page("Pick an account", f"<p>to continue to {html.escape(world.bot_name)}</p>{buttons}")


def _ask(world: World, query: Mapping[str, str], person: Person) -> web.Response:
    scopes = "".join(f"<li>{html.escape(name)}</li>" for name in _names(query))
    body = (
        f"<p>{html.escape(person.mail)}</p><p>{html.escape(world.bot_name)} would like to:</p><ul>{scopes}</ul>"
        f'<form method="post" action="consent">{_hidden({**query, "person": person.id})}'
        '<button name="decision" value="accept">Accept</button><button name="decision" value="cancel">Cancel</button></form>'
    )
    return _page("Permissions requested", body)


def _finish(world: World, query: Mapping[str, str], person: Person) -> web.Response:
    state = entra_state(world)
    if person.id in state.consents:
        state.consents[person.id].update(_names(query))
    state.interaction.discard(person.id)
    value = f"0.AAA{secrets.token_urlsafe(48)}"
    state.codes[value] = Code(
        person.id,
        query["client_id"],
        query["redirect_uri"],
        tuple(query.get("scope", "").split()),
        query.get("nonce", ""),
        query.get("code_challenge", ""),
        world.clock.now(),
    )
    answer = {"code": value, "session_state": secrets.token_hex(16)}
    if query.get("client_info") == "1":
        answer["client_info"] = _client_info(world, person)
    return _back(query, answer)


def _client_info(world: World, person: Person) -> str:
    info = json.dumps({"uid": person.id, "utid": world.company.tenant_id}).encode()
    return base64.urlsafe_b64encode(info).decode().rstrip("=")


def _declined(query: Mapping[str, str]) -> web.Response:
    return _back(
        query,
        {
            "error": "access_denied",
            "error_description": "AADSTS65004: User declined to consent to access the app.",
            "error_subcode": "cancel",
        },
    )


def _back(query: Mapping[str, str], answer: dict[str, Any]) -> web.Response:
    values = answer | ({"state": query["state"]} if "state" in query else {})
    target = query["redirect_uri"]
    if query.get("response_mode") == "form_post":
        form = f'<form method="post" action="{html.escape(target)}">{_hidden(values)}<button>Continue</button></form>'
        return _page("Continue", form)
    joiner = "&" if urlsplit(target).query else "?"
    return web.Response(
        status=302, headers={"Location": f"{target}{joiner}{urlencode(values)}", "Cache-Control": "no-store"}
    )


def _hidden(values: Mapping[str, Any]) -> str:
    return "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(str(value))}">'
        for name, value in values.items()
    )


def _page(title: str, body: str, status: int = 200) -> web.Response:
    return web.Response(
        text=PAGE.format(title=html.escape(title), body=body),
        content_type="text/html",
        status=status,
        headers={"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"},
    )
