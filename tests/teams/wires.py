"""The two Microsoft servers the endpoint meets, small and scriptable, on real sockets."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bot.context import Incoming, Person, Place, Reference
from bot.outbound import Outbound, tls_context
from bot.teams.adapter import Adapter
from bot.teams.authentication import Authentication
from bot.teams.connector import Connector
from bot.teams.endpoint import Endpoint
from bot.teams.invokes import Invokes, Rating
from bot.teams.keys import KeyStore
from bot.teams.schema import Activity, Gate
from bot.teams.verifier import Verifier

APP = "5b7ac3f6-2f1e-4d55-9d0b-9f3f6a2e7c11"
TENANT = "7e0f4c3a-1111-4222-8333-944455566677"
ISSUER = "https://api.botframework.com"
BOT = f"28:{APP}"
USER = "29:1user"


@dataclass
class Key:
    kid: str = field(default_factory=lambda: uuid.uuid4().hex)
    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    endorsements: list[str] | None = field(default_factory=lambda: ["msteams"])

    def jwk(self, **changes: Any) -> dict[str, Any]:
        entry = {**RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True), "kid": self.kid, "use": "sig"}
        if self.endorsements is not None:
            entry["endorsements"] = self.endorsements
        return {name: value for name, value in {**entry, **changes}.items() if value is not None}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": self.kid, **header})


FIRST_KEY = Key()


@dataclass
class OpenId:
    """Microsoft's OpenID endpoint: what it lists, how slowly, and how often it was asked."""

    keys: list[dict[str, Any]] = field(default_factory=lambda: [FIRST_KEY.jwk()])
    status: int = 200
    body: bytes | None = None
    gate: asyncio.Event | None = None
    jwks_uri: str | None = None
    fetches: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def metadata(self, request: web.Request) -> web.Response:
        self.fetches += 1
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()
        origin = f"{request.scheme}://{request.host}"
        return web.json_response({"issuer": ISSUER, "jwks_uri": self.jwks_uri or f"{origin}/keys"}, status=self.status)

    async def jwks(self, _: web.Request) -> web.Response:
        if self.body is not None:
            return web.Response(body=self.body, content_type="application/json")
        return web.json_response({"keys": self.keys})


@dataclass
class Posted:
    method: str
    path: str
    query: str
    token: str
    body: Any


Script = Callable[[Posted], web.Response | None]


@dataclass
class ConnectorWire:
    """The Bot Connector: records what arrives; `script` may answer instead of the usual 201."""

    script: Script = lambda _: None
    record: list[Posted] = field(default_factory=list[Posted])
    members: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        body = json.loads(raw) if raw else None
        posted = Posted(request.method, request.raw_path.partition("?")[0], request.query_string, token, body)
        self.record.append(posted)
        scripted = self.script(posted)
        if scripted is not None:
            if scripted.status == 599:
                assert request.transport is not None
                request.transport.abort()
            return scripted
        if posted.path.endswith("/pagedmembers"):
            return web.json_response({"members": self.members})
        return web.json_response({"id": f"m{len(self.record)}"}, status=201)


class Tokens:
    def __init__(self) -> None:
        self.refused: list[str] = []

    async def connector_token(self) -> str:
        return f"secret-{len(self.refused)}"

    def reject(self, token: str) -> None:
        self.refused.append(token)


class Clock:
    def __init__(self, at: float | None = None) -> None:
        self.at = time.time() if at is None else at
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


class SignIn:
    """Answers sign-ins as `fail` says, and remembers them."""

    def __init__(self) -> None:
        self.fail: Exception | None = None
        self.seen: list[tuple[str, str]] = []

    async def exchange(self, person: Person, assertion: str) -> None:
        self.seen.append((person.id, assertion))
        if self.fail is not None:
            raise self.fail

    verify = exchange


@dataclass
class Bench:
    """A running endpoint with everything around it."""

    openid: OpenId
    connector_wire: ConnectorWire
    connector: Connector
    outbound: Outbound
    keys: KeyStore
    clock: Clock
    sign_in: SignIn
    service_url: str
    url: str = ""
    admitted: list[Activity] = field(default_factory=list[Activity])
    admitted_as: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    ratings: list[Rating] = field(default_factory=list[Rating])
    clicks: list[Incoming] = field(default_factory=list[Incoming])
    admit_fails: Exception | None = None
    session: ClientSession = None  # type: ignore[assignment]  # -- set when the server runs

    async def admit(self, conversation: str, id: str, activity: Activity) -> None:
        if self.admit_fails is not None:
            raise self.admit_fails
        self.admitted_as.append((conversation, id))
        self.admitted.append(activity)

    async def rate(self, rating: Rating) -> None:
        self.ratings.append(rating)

    async def act(self, click: Incoming) -> str | dict[str, Any]:
        self.clicks.append(click)
        return "Done."

    @property
    def reached(self) -> int:
        """How often anything behind the checks was called."""
        return len(self.admitted) + len(self.ratings) + len(self.clicks) + len(self.sign_in.seen)

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(self.clock())
        claims = {
            "iss": ISSUER,
            "aud": APP,
            "nbf": now - 60,
            "exp": now + 3600,
            "serviceurl": self.service_url,
        }
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def token(self, key: Key = FIRST_KEY, **changes: Any) -> str:
        return key.sign(self.claims(**changes))

    async def post(
        self, body: Any, *, token: str | None = "", headers: dict[str, str] | None = None, raw: bytes | None = None
    ) -> tuple[int, Any]:
        """`token` empty: a valid one; None: no header."""
        sent = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        if token is not None:
            sent.setdefault("Authorization", f"Bearer {token or self.token()}")
        data = raw if raw is not None else json.dumps(body).encode()
        async with self.session.post(self.url, data=data, headers=sent) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None


def message(service_url: str, text: str = "plan my week", **changes: Any) -> dict[str, Any]:
    activity = {
        "type": "message",
        "id": "1763805600123",
        "timestamp": "2026-11-22T10:00:00.1234567Z",
        "channelId": "msteams",
        "serviceUrl": service_url,
        "from": {"id": USER, "name": "Ana Ruiz", "aadObjectId": "0aaa0000-0000-4000-8000-000000000001"},
        "recipient": {"id": BOT, "name": "Parley"},
        "conversation": {"conversationType": "personal", "tenantId": TENANT, "id": "a:1conv"},
        "text": text,
        "entities": [{"type": "clientInfo", "locale": "de-DE", "timezone": "Europe/Berlin"}],
        "channelData": {"tenant": {"id": TENANT}},
    }
    return {name: value for name, value in {**activity, **changes}.items() if value is not ...}


def reference(service_url: str, place: Place = Place.PERSONAL) -> Reference:
    id = {Place.PERSONAL: "a:1conv", Place.GROUP: "19:chat@thread.v2", Place.CHANNEL: "19:c@thread.tacv2;messageid=17"}
    return Reference(id[place], place, TENANT, service_url, BOT, Person("0aaa", "Ana", TENANT, USER))


@asynccontextmanager
async def serving(*routes: web.RouteDef) -> AsyncGenerator[str]:
    app = web.Application(client_max_size=8 * 1024 * 1024)
    app.add_routes(routes)
    server = TestServer(app)
    await server.start_server()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        await server.close()


@asynccontextmanager
async def connecting(
    wire: ConnectorWire, clock: Clock | None = None, sleep: Callable[[float], Awaitable[None]] | None = None
) -> AsyncGenerator[tuple[Connector, str, Tokens]]:
    clock, tokens = clock or Clock(0.0), Tokens()
    outbound = Outbound(tls_context())
    async with serving(web.route("*", "/{tail:.*}", wire.handle)) as url:
        hosts = frozenset({url.removeprefix("http://")})
        connector = Connector(outbound, tokens, hosts, now=clock, sleep=sleep or clock.sleep)
        yield connector, f"{url}/", tokens
    await outbound.aclose()


@asynccontextmanager
async def bench(*, local: bool = False, app_id: str = APP, tenant: str = TENANT) -> AsyncGenerator[Bench]:
    openid, wire, clock = OpenId(), ConnectorWire(), Clock()
    async with (
        serving(web.get("/openid", openid.metadata), web.get("/keys", openid.jwks)) as openid_url,
        connecting(wire) as (connector, service_url, _),
    ):
        openid.url = openid_url
        outbound = Outbound(tls_context())
        keys = KeyStore(outbound, f"{openid_url}/openid", now=clock)
        around = Bench(openid, wire, connector, outbound, keys, clock, SignIn(), service_url)
        verifier = Verifier(keys, issuer=ISSUER, audience=app_id, now=clock) if app_id else None
        endpoint = Endpoint(
            gate=Gate(tenant, frozenset({service_url.removeprefix("http://").rstrip("/")})),
            verifier=verifier,
            admit=around.admit,
            adapter=Adapter(
                Authentication(verifier, connector), Invokes(sign_in=around.sign_in, rate=around.rate, act=around.act)
            ),
            local=local,
        )
        async with serving(*endpoint.routes()) as url, ClientSession() as session:
            around.url, around.session = f"{url}/api/messages", session
            yield around
        await keys.aclose()
        await outbound.aclose()
