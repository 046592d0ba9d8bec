"""One TLS handshake, to see the certificate a server shows: no HTTP is spoken, and the guarded resolver has judged the address."""

import asyncio
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

from bot.outbound import Allowed, GuardedResolver, check

SECONDS = 10.0


async def certificate(url: str, tls: ssl.SSLContext) -> dict[str, Any]:
    """The certificate as `ssl.SSLSocket.getpeercert` gives it, checked for the address's host.

    Raises `ssl.SSLCertVerificationError`, `OutboundRefused`, OSError and TimeoutError.
    """
    parsed = check(url, Allowed.of("PUBLIC_URL", [url]))
    host, port = parsed.raw_host or "", parsed.port or 443
    resolver = GuardedResolver()
    try:
        addresses = await resolver.resolve(host, port, socket.AF_UNSPEC)
    finally:
        await resolver.close()
    async with asyncio.timeout(SECONDS):
        last: OSError = OSError("The name has no address.")
        for address in addresses:
            try:
                _, writer = await asyncio.open_connection(address["host"], port, ssl=tls, server_hostname=host)
            except ssl.SSLCertVerificationError:
                raise
            except OSError as error:
                last = error
                continue
            shown: dict[str, Any] = writer.get_extra_info("peercert") or {}
            writer.transport.abort()
            return shown
        raise last


def host_of(url: str) -> str:
    """Empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").casefold()
    except ValueError:
        return ""
