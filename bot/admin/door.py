"""In and out of the admin page: sign in at Microsoft by code and PKCE, become a session, or be told why not; and sign out."""

import hmac
from collections.abc import Callable, Mapping, Sequence

from aiohttp import web

from bot.admin.access import SCOPES, Access
from bot.admin.rendering import Gate, gate
from bot.context import Person
from bot.signin.browser import Cookies, answered, code_flow
from bot.signin.seal import BrokenSeal, Seal
from bot.signin.tokens import SignIn
from graph.errors import ConsentRequired, GraphError, Throttled, Unavailable

HOME = "/admin"
SIGN_IN, CALLBACK, SIGN_OUT = f"{HOME}/sign-in", f"{HOME}/callback", f"{HOME}/sign-out"
NAMES = ("User.ReadBasic.All",)
"""To show names beside object ids: asked for only when somebody wants them."""
COOKIE, VISIT = "parley-admin", "parley-admin-visit"
VISIT_SECONDS = 600


class Door:
    """`tenant`: the only one whose people may come in."""

    def __init__(
        self,
        access: Access,
        sign_in: SignIn,
        keys: Sequence[str],
        tenant: str,
        *,
        base_url: Callable[[], str],
    ) -> None:
        self._access, self._sign_in, self._tenant, self._base_url = access, sign_in, tenant, base_url
        self._cookies = Cookies(base_url)
        self._visits = Seal(keys, "admin visit", clock=sign_in.clock)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(SIGN_IN, self._start, allow_head=False),
            web.get(CALLBACK, self._callback, allow_head=False),
            web.post(SIGN_OUT, self._leave),
        ]

    def cookie(self, request: web.Request) -> str:
        return request.cookies.get(self._cookies.name(COOKIE), "")

    async def _start(self, request: web.Request) -> web.StreamResponse:
        # Nothing of the address is believed but these two words, so that nobody is sent anywhere else.
        prompt = "select_account" if request.query.get("account") == "other" else None
        scopes = [*SCOPES, *(NAMES if request.query.get("names") == "1" else ())]
        redirect = f"{self._base_url().rstrip('/')}{CALLBACK}"
        nobody = Person("", "", self._tenant)
        try:
            flow = await self._sign_in.run(nobody, lambda app: code_flow(app, scopes, redirect, prompt=prompt))
        except GraphError as error:
            return gate(_refused(error))
        target = flow.pop("auth_uri")
        response = web.Response(status=302, headers={"Location": target})
        visit = self._visits.close({"flow": flow, "scopes": scopes})
        name = self._cookies.of_visit(VISIT, flow["state"])
        response.set_cookie(name, visit, max_age=VISIT_SECONDS, **self._cookies.rules())
        return response

    async def _callback(self, request: web.Request) -> web.StreamResponse:
        state = request.query.get("state", "")
        name = self._cookies.of_visit(VISIT, state)
        try:
            visit = self._visits.open(request.cookies.get(name, ""), seconds=VISIT_SECONDS)
        except BrokenSeal:
            return gate(Gate.STALE)
        flow = visit["flow"]
        if not hmac.compare_digest(flow["state"].encode(), state.encode()):
            return gate(Gate.STALE)
        response = await self._finish(flow, tuple(visit["scopes"]), request.query)
        response.del_cookie(name, **self._cookies.rules())
        return response

    async def _finish(
        self, flow: dict[str, object], scopes: tuple[str, ...], query: Mapping[str, str]
    ) -> web.StreamResponse:
        try:
            answer = answered(query, scopes)
            person = await self._sign_in.keep_anybody(
                self._tenant, lambda app: app.acquire_token_by_auth_code_flow(flow, answer), scopes
            )
            session = await self._access.enter(person)
        except GraphError as error:
            return gate(_refused(error))
        if session is None:
            return gate(Gate.STRANGER)
        response = web.Response(status=302, headers={"Location": HOME})
        response.set_cookie(self._cookies.name(COOKIE), session, **self._cookies.rules())
        return response

    async def _leave(self, request: web.Request) -> web.StreamResponse:
        """A POST from another site comes without the cookie, which is SameSite=Lax, and so ends nothing."""
        await self._access.leave(self.cookie(request))
        response = gate(Gate.LEFT)
        response.del_cookie(self._cookies.name(COOKIE), **self._cookies.rules())
        return response


def _refused(error: GraphError) -> Gate:
    if error.code == "declined":
        return Gate.DECLINED
    if isinstance(error, ConsentRequired):
        return Gate.CONSENT
    return Gate.DOWN if isinstance(error, Throttled | Unavailable) else Gate.FAILED
