"""Fetches what a pre-authenticated link leads to: no token goes along, every hop is checked, private addresses are refused."""

import ipaddress
import socket
import ssl
from collections import Counter
from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from graph.errors import ForeignLink, NotFound, Unavailable, Unreadable
from graph.extract.reasons import TOO_LARGE
from graph.wire.addresses import is_loopback, origin
from graph.wire.patience import Monotonic, Outcome, Sleep, pause
from graph.wire.replies import retry_after

MAX_HOPS = 5
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str, *, loopback: bool) -> bool:
    """Whether an IP address may be connected to: globally routed ones, and loopback where that was configured."""
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip in _NAT64 or ip.sixtofour is not None or ip.teredo is not None:
            return False
    return (loopback and ip.is_loopback) or (ip.is_global and not ip.is_multicast)


class PublicResolver(AbstractResolver):
    """What was checked is what gets connected to: aiohttp uses exactly these addresses, so a name cannot change its mind in between."""

    def __init__(self, *, loopback: bool) -> None:
        self._inner, self._loopback = ThreadedResolver(), loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        allowed = [entry for entry in found if is_public(entry["host"], loopback=self._loopback)]
        if not allowed:
            raise ForeignLink("A download link led to an address that is not public.")
        return allowed

    async def close(self) -> None:
        await self._inner.close()


class _Failed(Unavailable):
    """One try; whether there is another depends on how it failed."""

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message, status=outcome.status)
        self.outcome = outcome


class Downloader:
    """`hosts` are exact, `host` or `host:port`; Graph's own origin is always allowed.

    `timeout` in seconds bounds a whole download, `patience` all waiting and repeating of one.
    """

    def __init__(
        self,
        base_url: str,
        hosts: Sequence[str],
        *,
        context: ssl.SSLContext,
        timeout: float,
        patience: float,
        monotonic: Monotonic,
        sleep: Sleep,
    ) -> None:
        self._patience, self._monotonic, self._sleep = patience, monotonic, sleep
        self._loopback = is_loopback(urlsplit(base_url).hostname or "")
        self._origins = frozenset({origin(base_url), *(o for host in hosts for o in self._origins_of(host))})
        self._context, self._timeout = context, timeout
        self._session: aiohttp.ClientSession | None = None

    def _origins_of(self, host: str) -> list[str]:
        local = is_loopback(urlsplit(f"//{host}").hostname or "")
        return [origin(f"https://{host}"), origin(f"http://{host}")] if local else [origin(f"https://{host}")]

    def check(self, url: str) -> None:
        """Raises `ForeignLink` for a link that leads anywhere else than allowed."""
        if origin(url) not in self._origins:
            raise ForeignLink(
                "A download link led to a host that is not allowed. DOWNLOAD_HOSTS lists the allowed ones."
            )
        host = urlsplit(url).hostname or ""
        literal = host.replace(".", "").isdigit() or ":" in host
        if literal and not is_public(host, loopback=self._loopback):
            raise ForeignLink("A download link led to an address that is not public.")

    async def get(self, url: str, *, max_bytes: int) -> bytes:
        """Raises `ForeignLink`, `Unreadable` (too large), `NotFound`, and after our patience `Unavailable`."""
        deadline = self._monotonic() + self._patience
        failures: Counter[str] = Counter()
        while True:
            try:
                return await self._once(url, max_bytes)
            except _Failed as error:
                failures[error.outcome.kind] += 1
                wait = pause(error.outcome, safe=True, tries=failures[error.outcome.kind])
                if wait is None or self._monotonic() + wait > deadline:
                    raise
                await self._sleep(wait)

    async def _once(self, url: str, max_bytes: int) -> bytes:
        try:
            for _ in range(MAX_HOPS):
                self.check(url)
                async with self._open().get(url, allow_redirects=False) as response:
                    if response.status in {301, 302, 303, 307, 308}:
                        url = urljoin(url, response.headers.get("Location", ""))
                        continue
                    if response.status in {404, 410}:
                        raise NotFound("The file's download link no longer leads to it.", status=response.status)
                    if response.status != 200:
                        headers = {name.lower(): value for name, value in response.headers.items()}
                        outcome = Outcome(response.status, retry_after(headers))
                        raise _Failed(f"A download failed ({response.status}).", outcome)
                    return await _bounded(response, max_bytes)
        except TimeoutError as error:
            raise Unavailable("A download took too long.") from error
        except aiohttp.ClientError as error:
            raise _Failed("A download's connection broke.", Outcome(0)) from error
        raise ForeignLink("A download link was passed on too often.")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=PublicResolver(loopback=self._loopback), ssl=self._context, use_dns_cache=False, limit=20
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=10.0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept-Encoding": "identity"},
            )
        return self._session

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


async def _bounded(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    if (response.content_length or 0) > max_bytes:
        raise Unreadable(TOO_LARGE)
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_chunked(256 * 1024):
        size += len(chunk)
        if size > max_bytes:
            raise Unreadable(TOO_LARGE)
        chunks.append(chunk)
    return b"".join(chunks)
