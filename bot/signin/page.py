"""Our own sign-in page: for first consent, for a second factor, and where there is no single sign-on.

The link is made for one person and says so under seal. Whoever opens it signs in at Microsoft as themselves, and only if that is
the same person is anything kept: a link passed on to somebody else is worth nothing in either direction.
"""

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

import msal
from aiohttp import web

from bot.context import Person
from bot.signin.browser import Cookies, answered, code_flow, headers, style_hash
from bot.signin.claims import SomebodyElse, tenant_path
from bot.signin.page_texts import Outcome, language_for
from bot.signin.seal import BrokenSeal, Seal
from bot.signin.tokens import SignIn
from bot.texts import Texts
from graph.errors import ConsentRequired, GraphError, Rejected, Throttled, Unavailable

START, CALLBACK = "/signin/start", "/signin/callback"
COOKIE = "parley-signin"
SECONDS = 600
CLAIMS_MOST = 1000
STYLE = (
    ":root{color-scheme:light dark}body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.5rem}"
    "strong{font-size:1.6rem;letter-spacing:.15em}a{overflow-wrap:anywhere}small{opacity:.75}"
)
HEADERS = headers(f"form-action 'none'; style-src {style_hash(STYLE)}")
STATUS: Mapping[Outcome, int] = {"done": 200, "declined": 200, "other": 403, "consent": 403, "down": 503, "app": 502}


class SignInPage:
    def __init__(
        self, sign_in: SignIn, keys: Sequence[str], login_base_url: str, *, base_url: Callable[[], str]
    ) -> None:
        """`keys` as in ENCRYPTION_KEYS. `base_url` gives PUBLIC_URL or the loopback address, once the server listens."""
        self._sign_in = sign_in
        self._login = login_base_url.rstrip("/")
        self._base_url = base_url
        self._cookies = Cookies(base_url)
        self._tickets = Seal(keys, "sign-in ticket", clock=sign_in.clock)
        self._visits = Seal(keys, "sign-in visit", clock=sign_in.clock)

    def link(self, person: Person, *, scopes: tuple[str, ...] = (), claims: str | None = None) -> str:
        """For this person's eyes only, good for ten minutes. `scopes` besides the usual ones, `claims` from SignInNeeded."""
        ticket = {
            "person": [person.id, person.name, person.tenant, person.channel_id],
            **self._asked(scopes, claims),
        }
        return self._sealed(ticket)

    def link_anybody(
        self, tenant: str, hint: str = "", *, scopes: tuple[str, ...] = (), claims: str | None = None
    ) -> str:
        """For a front that does not know yet who sits before it (the console): whoever signs in is kept as themselves."""
        ticket = {
            "person": ["anybody", "", tenant, ""],
            "anybody": True,
            "hint": hint,
            **self._asked(scopes, claims),
        }
        return self._sealed(ticket)

    def routes(self) -> list[web.RouteDef]:
        return [web.get(START, self._start, allow_head=False), web.get(CALLBACK, self._callback, allow_head=False)]

    async def _start(self, request: web.Request) -> web.Response:
        page = _Page(language_for(request.headers.get("Accept-Language", "")))
        try:
            ticket = self._tickets.open(request.query.get("ticket", ""), seconds=SECONDS)
        except BrokenSeal:
            return page.show("stale")
        person = Person(*ticket["person"])
        prompt = "select_account" if request.query.get("account") == "other" else None
        try:
            flow = await self._sign_in.run(person, lambda app: self._flow(app, ticket, prompt))
        except GraphError as error:
            return page.show(_outcome(error), reference=error.code)
        await self._sign_in.once.add_state(person.id, flow["state"])
        target = flow.pop("auth_uri")
        visit = self._visits.close({"flow": flow, "ticket": ticket})
        response = web.Response(status=302, headers={**HEADERS, "Location": target})
        response.set_cookie(
            self._cookies.of_visit(COOKIE, flow["state"]), visit, max_age=SECONDS, **self._cookies.rules()
        )
        return response

    async def _callback(self, request: web.Request) -> web.Response:
        page = _Page(language_for(request.headers.get("Accept-Language", "")))
        state = request.query.get("state", "")
        cookie = self._cookies.of_visit(COOKIE, state)
        try:
            visit = self._visits.open(request.cookies.get(cookie, ""), seconds=SECONDS)
        except BrokenSeal:
            return page.show("cookie")
        if not hmac.compare_digest(visit["flow"]["state"].encode(), state.encode()):
            return page.show("cookie")
        response = await self._finish(page, visit, request.query)
        response.del_cookie(cookie, **self._cookies.rules())
        return response

    async def _finish(self, page: "_Page", visit: dict[str, Any], query: Mapping[str, str]) -> web.Response:
        ticket, flow = visit["ticket"], visit["flow"]
        person, scopes = Person(*ticket["person"]), tuple(ticket["scopes"])
        if not await self._sign_in.once.take_state(person.id, flow["state"]):
            return page.show("used")
        try:
            answer = answered(query, scopes)
            person = await self._keep(
                ticket, person, lambda app: app.acquire_token_by_auth_code_flow(flow, answer), scopes
            )
        except SomebodyElse:
            return page.show("other", retry=f"{self._sealed(ticket)}&account=other")
        except GraphError as error:
            outcome = _outcome(error)
            admin = self._admin_link(person) if outcome == "consent" else ""
            return page.show(outcome, reference=error.code, admin=admin)
        return page.show("done", digits=await self._sign_in.once.new_code(person.id))

    async def _keep(
        self,
        ticket: dict[str, Any],
        person: Person,
        acquire: Callable[[msal.ConfidentialClientApplication], Mapping[str, Any]],
        scopes: tuple[str, ...],
    ) -> Person:
        if ticket.get("anybody"):
            return await self._sign_in.keep_anybody(person.tenant, acquire, scopes)
        await self._sign_in.keep(person, acquire, scopes)
        return person

    def _flow(
        self, app: msal.ConfidentialClientApplication, ticket: dict[str, Any], prompt: str | None
    ) -> dict[str, Any]:
        return code_flow(
            app,
            ticket["scopes"],
            f"{self._base_url().rstrip('/')}{CALLBACK}",
            prompt=prompt,
            login_hint=ticket.get("hint") or None,
            claims=ticket["claims"],
        )

    def _asked(self, scopes: tuple[str, ...], claims: str | None) -> dict[str, Any]:
        return {
            "scopes": list(dict.fromkeys((*self._sign_in.scopes, *scopes))),
            "claims": claims if claims and len(claims) <= CLAIMS_MOST else None,
        }

    def _sealed(self, ticket: Mapping[str, Any]) -> str:
        return f"{self._base_url().rstrip('/')}{START}?{urlencode({'ticket': self._tickets.close(ticket)})}"

    def _admin_link(self, person: Person) -> str:
        tenant = tenant_path(self._sign_in.identity.tenant or person.tenant)
        return f"{self._login}/{tenant}/adminconsent?{urlencode({'client_id': self._sign_in.identity.sign_in_id})}"


class _Page:
    """No script, nothing remote, headings and live regions for screen readers; every value is escaped here and nowhere else."""

    def __init__(self, say: Texts) -> None:
        self._say = say

    def show(
        self, outcome: Outcome, *, digits: str = "", retry: str = "", admin: str = "", reference: str = ""
    ) -> web.Response:
        say, title = self._say, escape(self._say(f"page.{outcome}_title"))
        parts = [f"<h1>{title}</h1>", f"<p>{escape(say(f'page.{outcome}'))}</p>"]
        if digits:
            parts.append(f"<p>{escape(say('page.digits'))}<br><strong>{escape(digits)}</strong></p>")
        if retry:
            parts.append(f'<p><a href="{escape(retry)}">{escape(say("page.retry"))}</a></p>')
        if admin:
            parts.append(f'<p>{escape(say("page.admin"))}:<br><a href="{escape(admin)}">{escape(admin)}</a></p>')
        if re.fullmatch(r"AADSTS\d+", reference):
            parts.append(f"<p><small>{escape(say('page.reference'))}: {escape(reference)}</small></p>")
        role = "status" if outcome == "done" else "alert"
        html = (
            f'<!doctype html><html lang="{say.language}"><head><meta charset="utf-8"><title>{title} - Parley</title>'
            f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>'
            f'<body><main><div role="{role}">{"".join(parts)}</div></main></body></html>'
        )
        return web.Response(
            text=html, content_type="text/html", charset="utf-8", status=STATUS.get(outcome, 400), headers=HEADERS
        )


def _outcome(error: GraphError) -> Outcome:
    if error.code == "declined":
        return "declined"
    if isinstance(error, ConsentRequired):
        return "consent"
    if isinstance(error, Throttled | Unavailable):
        return "down"
    return "app" if isinstance(error, Rejected) else "again"
