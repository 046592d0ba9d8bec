"""Which addresses are Graph's own: the one rule behind every token we attach and every link we follow."""

import ipaddress
import ssl
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from graph.errors import ForeignLink, Rejected

LOOPBACK_NAMES = frozenset({"localhost"})


def is_loopback(host: str) -> bool:
    if host.casefold() in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: str) -> str:
    """`scheme://host:port`, lower case, port always present. Raises `ForeignLink` for anything that is no plain web address."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").casefold(), parts.port
    except ValueError as error:
        raise ForeignLink("A link that is no valid address was not followed.") from error
    odd = parts.username is not None or parts.password is not None or "\\" in url or any(ord(c) <= 32 for c in url)
    if parts.scheme not in {"https", "http"} or not host or odd:
        raise ForeignLink("A link that is no plain web address was not followed.")
    if parts.scheme == "http" and not is_loopback(host):
        raise ForeignLink("A link without encryption was not followed.")
    return f"{parts.scheme}://{host}:{port or (443 if parts.scheme == 'https' else 80)}"


def segment(value: str) -> str:
    """One opaque id as one segment of a path. Raises `Rejected` for what could leave its place in the path."""
    if not value or value in {".", ".."} or len(value) > 2048 or any(ord(c) < 32 for c in value):
        raise Rejected("An id that is no id was not sent to Microsoft Graph.", status=400, code="invalidId")
    return quote(value, safe="!$',;=:@-._~")


def query(params: Mapping[str, str]) -> str:
    """Percent-encoded, a space as %20: Graph reads a plus sign as a plus sign."""
    return urlencode(params, quote_via=quote, safe="$,'():")


def trust(ca_bundle: str) -> ssl.SSLContext:
    """The system's trust store, and a PEM file besides it. Raises OSError when the file cannot be read."""
    context = ssl.create_default_context()
    if ca_bundle:
        context.load_verify_locations(cafile=ca_bundle)
    return context
