"""What the wires of the local tenant share: the company, the clock, the keys, the faults to inject and the record of every request."""

import asyncio
import fnmatch
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from infra.local.company.model import Company, Person

Wire = Literal["entra", "botframework", "connector", "graph", "claude", "openai", "teams", "control"]


class Clock:
    """Real time shifted by an offset that tests move. Seconds never run backwards."""

    def __init__(self, start: datetime | None = None) -> None:
        self._offset = start - datetime.fromtimestamp(time.time(), UTC) if start else timedelta()

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC) + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)


@dataclass(slots=True)
class Fault:
    """Applied to the next `times` requests of `wire` whose "METHOD /path" matches `match` (fnmatch)."""

    wire: Wire
    match: str = "*"
    kind: Literal["status", "delay", "late", "cut", "reset", "claims", "expired_grant"] = "status"
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    """JSON body for `status`; when None the wire's own documented error body for that status is used."""
    seconds: float = 0.0
    """`delay`: wait this long, then answer as usual. `late`: the whole answer takes this long, the tenant's own work included; a
    batch as a whole, never its parts."""
    after: int = 0
    """`cut`: close a streamed answer after this many events; `skip` below counts whole requests."""
    skip: int = 0
    times: int = 1


@dataclass(slots=True)
class Recorded:
    wire: Wire
    at: datetime
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any
    """Parsed JSON where it is JSON, else text; bytes are recorded by their length."""
    status: int = 0
    caller: str = ""
    """Person id from the token, `app` for the app itself, empty without one."""
    response: Any = None
    """JSON answer of small responses."""


@dataclass(slots=True)
class SigningKey:
    kid: str
    private: rsa.RSAPrivateKey
    endorsements: list[str] | None = None

    @staticmethod
    def new(endorsements: list[str] | None = None) -> "SigningKey":
        return SigningKey(
            uuid.uuid4().hex, rsa.generate_private_key(public_exponent=65537, key_size=2048), endorsements
        )

    def sign(self, claims: dict[str, Any], headers: dict[str, Any] | None = None) -> str:
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": self.kid, **(headers or {})})

    def jwk(self) -> dict[str, Any]:
        public: dict[str, Any] = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        entry = {**public, "kid": self.kid, "use": "sig", "alg": "RS256", "x5t": self.kid}
        return entry if self.endorsements is None else {**entry, "endorsements": self.endorsements}


@dataclass(slots=True)
class Urls:
    """Filled in when the servers listen. None ends with a slash."""

    http: str = ""
    """Plain http on loopback: graph, connector, vendors, control."""
    login: str = ""
    """https: Entra."""

    @property
    def graph(self) -> str:
        return f"{self.http}/v1.0"

    @property
    def service_url(self) -> str:
        """What activities carry as serviceUrl."""
        return f"{self.http}/connector/"

    @property
    def bot_openid(self) -> str:
        return f"{self.http}/botframework/v1/.well-known/openidconfiguration"

    @property
    def anthropic(self) -> str:
        return f"{self.http}/claude"

    @property
    def openai(self) -> str:
        return f"{self.http}/openai/v1"


@dataclass(repr=False)
class World:
    """Its `repr` is short on purpose: event loops write one of each task's result, and a whole company takes a tenth of a second."""

    company: Company
    clock: Clock = field(default_factory=Clock)
    urls: Urls = field(default_factory=Urls)
    faults: list[Fault] = field(default_factory=list[Fault])
    record: list[Recorded] = field(default_factory=list[Recorded])
    app_id: str = "5b7ac3f6-2f1e-4d55-9d0b-9f3f6a2e7c11"
    app_secret: str = "local-tenant-secret"
    vendor_key: str = ""
    """The only key the vendors take; empty: any."""
    bot_name: str = "Parley"
    bot_keys: list[SigningKey] = field(default_factory=lambda: [SigningKey.new(["msteams", "webchat"])])
    """Keys of the Bot Framework's token issuer; the last one signs."""
    entra_keys: list[SigningKey] = field(default_factory=lambda: [SigningKey.new()])
    state: dict[str, Any] = field(default_factory=dict[str, Any])
    """Each wire's own mutable state, under its name (`connector`, `entra`, `script`, ...)."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    """Notified after every recorded request; `wait_for` builds on it."""

    @property
    def bot_channel_id(self) -> str:
        return f"28:{self.app_id}"

    def person(self, id_or_mail: str) -> Person:
        """By object id, Teams id, mail address, or first name. Raises KeyError."""
        wanted = id_or_mail.casefold()
        for person in self.company.people:
            if wanted in {person.id, person.teams_id.casefold(), person.mail.casefold(), person.given_name.casefold()}:
                return person
        raise KeyError(id_or_mail)

    def take_fault(self, wire: Wire, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.wire == wire and fault.times > 0 and fnmatch.fnmatchcase(f"{method} {path}", fault.match):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    async def wait_for(self, wire: Wire, match: str = "*", *, count: int = 1, timeout: float = 20.0) -> list[Recorded]:
        """Waits until `count` requests of a wire match "METHOD /path"; raises TimeoutError."""

        def found() -> list[Recorded]:
            return [r for r in self.record if r.wire == wire and fnmatch.fnmatchcase(f"{r.method} {r.path}", match)]

        async with asyncio.timeout(timeout), self.changed:
            await self.changed.wait_for(lambda: len(found()) >= count)
        return found()
