"""Microsoft Graph for one person at a time, over one shared connection pool: raw requests, strict about whose token goes where."""

import asyncio
import importlib
import json
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from graph.documents import Documents
from graph.errors import ForeignLink, Throttled, Unavailable, Unreadable
from graph.extract.reasons import TOO_LARGE
from graph.options import Options, zone_of
from graph.wire.addresses import origin, query, trust
from graph.wire.asking import Wire, ask
from graph.wire.batches import Answer, Part, send_batch
from graph.wire.download import Downloader
from graph.wire.lanes import Everybody, Lane, Lanes
from graph.wire.patience import Monotonic, Outcome, Sleep, pause
from graph.wire.replies import Reply, TooLarge, Unsent

Token = Callable[[tuple[str, ...], str | None], Awaitable[str]]
"""(scopes, claims of a challenge or None) -> access token. Raises `SignInNeeded` or `ConsentRequired`."""

MAX_JSON = 32 * 1024 * 1024
MAX_PAGES = 1000
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was made, for the account of a turn. `path` holds ids, never words that were searched for."""

    method: str
    path: str
    status: int
    """0: no answer came."""


class GraphClient:
    """One per process.

    `base_url`: origin and version, as GRAPH_BASE_URL. `patience`: seconds one call may spend waiting and repeating.
    `timeout`: seconds without a byte. `concurrency`: calls at once per mailbox. `clock`: seconds since 1970.
    """

    def __init__(
        self,
        base_url: str,
        *,
        ca_bundle: str = "",
        download_hosts: Sequence[str] = (),
        documents: Documents | None = None,
        concurrency: int = 4,
        patience: float = 30.0,
        timeout: float = 30.0,
        user_agent: str = "Parley",
        monotonic: Monotonic = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.time,
        options: Options | None = None,
    ) -> None:
        self.clock, self.options = clock, options or Options()
        self.base_url = base_url.rstrip("/")
        self.documents = documents if documents is not None else Documents()
        self.patience, self.monotonic, self.sleep = patience, monotonic, sleep
        self.downloader = Downloader(
            self.base_url, download_hosts, context=trust(ca_bundle), timeout=max(patience, timeout), patience=patience,
            monotonic=monotonic, sleep=sleep,
        )  # fmt: skip
        self._adapter_options = {"ca_bundle": ca_bundle, "timeout": timeout, "user_agent": user_agent}
        self._wire: Wire | None = None
        self._opening = asyncio.Lock()
        self._everybody = Everybody(concurrency, monotonic, sleep)

    def for_person(
        self,
        person_id: str,
        token: Token,
        *,
        scopes: tuple[str, ...] = (),
        record: Callable[[Call], None] | None = None,
        timezone: str = "UTC",
    ) -> "Graph":
        """`timezone`: IANA name, as the person's messages carry it; an unknown one counts as UTC."""
        return Graph(self, person_id, token, scopes, record, self._everybody.lanes(person_id), zone_of(timezone))

    async def wire(self) -> Wire:
        """Opens the SDK's adapter on first use; call it at start-up so that no question waits for imports."""
        if self._wire is None:
            async with self._opening:
                if self._wire is None:
                    self._wire = await asyncio.to_thread(self._opened)
        return self._wire

    def _opened(self) -> Wire:
        """In a thread: imports and reading the trust store take a tenth of a second that no other turn should wait."""
        module = importlib.import_module("graph.wire.adapter")
        wire: Wire = module.Adapter(self.base_url, **self._adapter_options)
        module.load_backend()
        return wire

    async def aclose(self) -> None:
        await self.downloader.aclose()
        await self.documents.aclose()
        if self._wire is not None:
            await self._wire.aclose()


class Graph:
    """One person's access, with that person's delegated permissions. Every method raises `graph.errors.GraphError` and nothing else."""

    def __init__(
        self,
        client: GraphClient,
        person_id: str,
        token: Token,
        scopes: tuple[str, ...],
        record: Callable[[Call], None] | None,
        lanes: Lanes,
        zone: ZoneInfo,
    ) -> None:
        self.person_id = person_id
        self.zone = zone
        self.documents, self.options = client.documents, client.options
        self._client, self._token, self._scopes, self._record, self._lanes = client, token, scopes, record, lanes

    def scoped(self, scopes: tuple[str, ...]) -> "Graph":
        """The same person, asking for a token with these delegated permissions."""
        return Graph(self._client, self.person_id, self._token, scopes, self._record, self._lanes, self.zone)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._client.clock(), UTC)

    async def get(
        self, path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """`path` starts with a slash and is already percent-encoded (`graph.wire.addresses.segment`); `params` are not."""
        return (await self._call("GET", self._url(path, params), headers, None, safe=True)).json()

    async def follow(self, link: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A next or delta link as Graph gave it. One that leads elsewhere raises `ForeignLink`, and no token goes there."""
        return (await self._call("GET", link, headers, None, safe=True)).json()

    async def post(
        self, path: str, body: Any, headers: Mapping[str, str] | None = None, *, safe: bool = False
    ) -> dict[str, Any]:
        """`safe`: this POST only reads, so it may be repeated after an ambiguous failure."""
        return await self.request("POST", path, body, headers, safe=safe)

    async def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, *, safe: bool = False
    ) -> dict[str, Any]:
        """PATCH, PUT, DELETE and whatever else; never repeated after an ambiguous failure unless `safe`."""
        content = None if body is None else json.dumps(body).encode()
        return (await self._call(method, self._url(path), headers, content, safe=safe)).json()

    async def pages(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        limit: int,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[dict[str, Any]]:
        """At most `limit` entries of a collection. A next link that leaves Graph raises `ForeignLink`, and no token goes there."""
        url, seen = self._url(path, params), set[str]()
        while len(seen) < MAX_PAGES:
            seen.add(url)
            page = (await self._call("GET", url, headers, None, safe=True)).json()
            entries = page.get("value")
            for entry in entries if isinstance(entries, list) else []:
                if limit <= 0:
                    return
                if isinstance(entry, dict):
                    limit -= 1
                    yield entry
            link = page.get("@odata.nextLink")
            if limit <= 0 or not isinstance(link, str) or link in seen:
                return
            url = link

    async def batch(self, parts: Sequence[Part]) -> list[Answer]:
        """Answers in the order of `parts`, each with its own status; failed parts are repeated alone, after their own Retry-After."""
        lane = self._lanes.of_batch([urlsplit(part.url).path for part in parts])

        async def post(body: dict[str, Any], safe: bool) -> dict[str, Any]:
            content, calls = json.dumps(body).encode(), len(body["requests"]) if lane is self._lanes.mailbox else 1
            return (
                await self._call("POST", self._url("/$batch"), None, content, safe=safe, lane=lane, calls=calls)
            ).json()

        return await send_batch(
            parts,
            post=post,
            lane=lane,
            patience=self._client.patience,
            monotonic=self._client.monotonic,
            sleep=self._client.sleep,
        )

    async def content(self, path: str, *, max_bytes: int) -> bytes:
        """A file's bytes. Graph's redirect to a pre-authenticated link is followed by us, without the token. Raises `Unreadable` too."""
        reply = await self._call("GET", self._url(path), None, None, safe=True, max_bytes=max_bytes)
        if reply.status in REDIRECTS:
            return await self._client.downloader.get(reply.headers.get("location", ""), max_bytes=max_bytes)
        return reply.body

    def _url(self, path: str, params: Mapping[str, str] | None = None) -> str:
        return f"{self._client.base_url}{path}" + (f"?{query(params)}" if params else "")

    async def _call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        *,
        safe: bool,
        max_bytes: int = 0,
        lane: Lane | None = None,
        calls: int = 1,
    ) -> Reply:
        path = self._own_path(url)
        client, lane = self._client, lane or self._lanes.of(path)
        wire = await client.wire()
        deadline = client.monotonic() + client.patience
        sent = {"Accept": "application/json", **(headers or {})} if not max_bytes else dict(headers or {})
        failures: Counter[str] = Counter()
        while True:
            async with lane.turn(deadline, calls):
                sent["client-request-id"] = str(uuid.uuid4())
                result = await self._try(wire, method, url, sent, body, max_bytes)
                outcome = _outcome(result)
                if outcome.status in {429, 503} and outcome.retry_after is not None:
                    lane.hold(outcome.retry_after)
            if isinstance(result, Reply) and (result.status < 300 or (max_bytes and result.status in REDIRECTS)):
                return result
            error = result if isinstance(result, Unavailable) else result.error
            failures[outcome.kind] += 1
            wait = pause(outcome, safe=safe, tries=failures[outcome.kind])
            if wait is None:
                raise error
            if client.monotonic() + wait > deadline:
                raise Throttled(str(error), seconds=wait, status=outcome.status) if outcome.retry_after else error
            await client.sleep(wait)

    async def _try(
        self, wire: Wire, method: str, url: str, headers: Mapping[str, str], body: bytes | None, max_bytes: int
    ) -> Reply | Unavailable:
        def note(status: int) -> None:
            if self._record is not None:
                self._record(Call(method, self._own_path(url), status))

        try:
            return await ask(wire, method, url, headers, body, self._fresh_token, note, max_bytes=max_bytes or MAX_JSON)
        except TooLarge as error:
            if max_bytes:
                raise Unreadable(TOO_LARGE) from error
            raise
        except Unavailable as error:
            return error

    async def _fresh_token(self, claims: str | None) -> str:
        return await self._token(self._scopes, claims)

    def _own_path(self, url: str) -> str:
        """The path below the version. Raises `ForeignLink` for an address that is not below Graph's own base."""
        base = self._client.base_url
        own = origin(url) == origin(base)
        path, base_path = urlsplit(url).path, urlsplit(base).path
        if not own or not path.startswith(f"{base_path}/") or "/../" in f"{path}/" or "/./" in f"{path}/":
            raise ForeignLink("A link that leads away from Microsoft Graph was not followed.")
        return path.removeprefix(base_path)


def _outcome(result: Reply | Unavailable) -> Outcome:
    if isinstance(result, Reply):
        return Outcome(result.status, result.retry_after)
    return Outcome(0, sent=not isinstance(result, Unsent))
