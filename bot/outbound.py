"""The one guarded HTTP client: everything of ours that is not a vendor's SDK leaves through here, to named hosts only."""

import functools
import ipaddress
import json
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDictProxy
from yarl import URL

_NEVER_IN_ADDRESSES = re.compile(r"[\x00-\x20\\\x7f]")
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0
MAX_BYTES = 4 * 1024 * 1024
CONNECTIONS = 1000
DEFAULT_PORTS = {"https": 443, "http": 80}
LOOPBACK_NAME = "localhost"
# Public by its range, yet every Azure machine reaches the platform's own control service there
# (learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
AZURE_PLATFORM = ipaddress.IPv4Address("168.63.129.16")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutboundRefused(Exception):
    """A request was not sent, or its answer not taken. The message is a sentence and names at most a host."""


class AnswerTooLarge(OutboundRefused):
    """More bytes than the caller takes."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Where requests of one purpose may go: exact hosts with their ports, never a suffix."""

    purpose: str
    origins: frozenset[tuple[str, int]]

    @classmethod
    def of(cls, purpose: str, names: Iterable[str]) -> Self:
        """From `host` (port 443), `host:port` or whole addresses. Raises ValueError for anything else."""
        return cls(purpose, frozenset(_origin(name) for name in names))


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, read whole. Redirects come back as they are (3xx): whoever follows one asks again, and is checked again."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    def json(self) -> Any:
        """Raises ValueError when the body is not JSON."""
        return json.loads(self.body)


class GuardedResolver(AbstractResolver):
    """Resolves once; the connection goes to exactly the addresses that were judged, so a second answer changes nothing."""

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        self._inner = inner or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OutboundRefused when any address is not public; OSError when the name is unknown."""
        found = await self._inner.resolve(host, port, family)
        for result in found:
            address = ipaddress.ip_address(result["host"].partition("%")[0])
            if not (address.is_loopback if host == LOOPBACK_NAME else is_public(address)):
                raise OutboundRefused(f"{_shown(host)} leads to an address that is not on the public internet.")
        return found

    async def close(self) -> None:
        await self._inner.close()


class Outbound:
    """Pooled and shared by the whole process. No cookies, no redirects, no proxy or .netrc from the environment."""

    def __init__(self, tls: ssl.SSLContext, *, resolver: AbstractResolver | None = None) -> None:
        """Must be built inside the running event loop."""
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=tls, resolver=GuardedResolver(resolver), limit=CONNECTIONS, keepalive_timeout=30.0
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            # An HTTPS_PROXY variable would receive our bearer tokens' destinations and undo the pinned address.
            trust_env=False,
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        allowed: Allowed,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: bytes | Mapping[str, str] | None = None,
        timeout: float = TOTAL_SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> Reply:
        """`timeout` in seconds for the whole exchange, `max_bytes` of the answer after decompression.

        Raises OutboundRefused before anything is sent (or when the answer is too large), else aiohttp's errors and TimeoutError.
        """
        async with self.session.request(
            method,
            check(url, allowed),
            headers=headers,
            json=json,
            data=data,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_SECONDS),
        ) as response:
            return Reply(response.status, response.headers, await _body(response, max_bytes, allowed))

    async def aclose(self) -> None:
        await self.session.close()


def tls_context(ca_bundle: str = "") -> ssl.SSLContext:
    """The system's trust store, and a PEM file besides. Raises OSError when the file is missing or holds no certificate."""
    context = ssl.create_default_context()
    if ca_bundle:
        context.load_verify_locations(ca_bundle)
    return context


def check(url: str, allowed: Allowed) -> URL:
    """The parsed address, which is what must be requested: nothing parses the text a second time. Raises OutboundRefused."""
    if _NEVER_IN_ADDRESSES.search(url):
        raise OutboundRefused(f"The address for {allowed.purpose} holds characters no address has.")
    try:
        parsed = URL(url)
        host, port = parsed.raw_host or "", parsed.port
    except ValueError:
        raise OutboundRefused(f"The address for {allowed.purpose} cannot be read.") from None
    if parsed.raw_user is not None or parsed.raw_password is not None:
        raise OutboundRefused(f"The address for {allowed.purpose} carries a user name, which ours never do.")
    if (host, port) not in allowed.origins:
        raise OutboundRefused(f"{_shown(host)} is not on the list of hosts for {allowed.purpose}.")
    if parsed.scheme != "https" and not (parsed.scheme == "http" and is_loopback(host)):
        raise OutboundRefused(f"{_shown(host)} was to be called without encryption.")
    if not _literal_is_fine(host):
        raise OutboundRefused(f"{_shown(host)} is not an address on the public internet.")
    return parsed


def is_public(address: Address) -> bool:
    """False for private, link-local, carrier-grade, multicast, reserved and metadata addresses, also inside IPv6 forms."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and address != AZURE_PLATFORM


@functools.lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    if host == LOOPBACK_NAME:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None


@functools.lru_cache(maxsize=256)
def _literal_is_fine(host: str) -> bool:
    """Names are judged when they are resolved. Numbers are judged here; a loopback one is fine because the list names it."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        # The operating system also reads 2130706433, 0x7f.1 and 0177.0.0.1 as addresses; no real name ends in a number.
        return not host.rpartition(".")[2][:1].isdigit()
    return is_public(address) or (address.is_loopback and str(address) == host)


def _origin(name: str) -> tuple[str, int]:
    parsed = URL(name if "://" in name else f"https://{name}")
    port = parsed.port
    if not parsed.raw_host or port is None or parsed.scheme not in DEFAULT_PORTS:
        raise ValueError("A host is written as name, name:port or https://name.")
    return parsed.raw_host, port


def _shown(host: str) -> str:
    return "".join(c for c in host[:100] if c.isalnum() or c in ".-:") or "An address without a host"


async def _body(response: aiohttp.ClientResponse, max_bytes: int, allowed: Allowed) -> bytes:
    too_large = AnswerTooLarge(f"The answer for {allowed.purpose} is larger than {max_bytes} bytes.")
    if (response.content_length or 0) > max_bytes:
        response.close()
        raise too_large
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_chunked(65536):
        size += len(chunk)
        if size > max_bytes:
            response.close()
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)
