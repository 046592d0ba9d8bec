"""Which service address may get the bot's token: decided in one place, by exact host, for the way in and the way out."""

import re
from functools import lru_cache

from bot.settings import LOOPBACK

# No user information, query, fragment, backslash or white space can match, so what we check is what a client connects to.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[A-Za-z0-9._~%-]*)*)",
    re.ASCII,
)
_DEFAULT_PORTS = {"https": "443", "http": "80"}
_MAX_LENGTH = 1024


@lru_cache(maxsize=4096)
def service_base(url: str, hosts: frozenset[str]) -> str | None:
    """The address to put `/v3/...` after, or None when the token must not go there.

    `hosts` are exact names, with the port where it is not 443 (SERVICE_URL_HOSTS). Plain http needs a loopback host listed with its port.
    """
    match = _ADDRESS.fullmatch(url) if len(url) <= _MAX_LENGTH else None
    if match is None or ".." in match["path"]:
        return None
    scheme, host = match["scheme"], match["host"].lower()
    port = match["port"] or _DEFAULT_PORTS[scheme]
    if scheme == "http" and host.strip("[]") not in LOOPBACK:
        return None
    listed = {entry.lower().removesuffix(":443") for entry in hosts}
    name = host if (scheme, port) == ("https", "443") else f"{host}:{port}"
    return url.rstrip("/") if name in listed else None
