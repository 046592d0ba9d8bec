"""What every check is given: the settings as far as they can be read, and our own ways out of the process."""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.outbound import Allowed, Outbound, OutboundRefused, Reply, is_loopback, tls_context
from bot.settings import Settings, is_https
from bot.signin.credentials import AppIdentity, WrongCredentials
from bot.signin.transport import Transport

MANIFEST = Path("dist/parley.zip")
"""Where `make manifest` writes it."""
REQUEST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Installation:
    """What is looked at."""

    settings: Settings
    faults: tuple[str, ...] = ()
    """Why the server would not start with them; then `settings` has the rest, and defaults in place of what cannot be read."""
    vendors: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The vendors' own variables."""
    telemetry: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """OpenTelemetry's own."""
    manifest: Path | None = None
    """A manifest or its package; None: `MANIFEST`, if it is there."""
    now: Callable[[], float] = time.time


@dataclass(slots=True)
class Context:
    """Of one examination. What several checks need is asked for once."""

    installation: Installation
    ca_bundle: str
    """Empty also when the file cannot be read."""
    tls: ssl.SSLContext
    outbound: Outbound
    transport: Transport | None
    """None when LOGIN_BASE_URL is no address."""
    _once: dict[str, "asyncio.Future[Any]"] = field(default_factory=dict[str, "asyncio.Future[Any]"])

    @property
    def settings(self) -> Settings:
        return self.installation.settings

    @property
    def public_url(self) -> str:
        """PUBLIC_URL, without a slash at its end; empty also where it is none the server would start with."""
        url = self.settings.public_url
        return url.rstrip("/") if is_https(url) else ""

    @property
    def graph_url(self) -> str:
        """GRAPH_BASE_URL, without a slash at its end; empty where it is no address or does not end in a version."""
        url = self.settings.graph_base_url.rstrip("/")
        return url if is_https(url) and url.rpartition("/")[2] in {"v1.0", "beta"} else ""

    @property
    def among_ourselves(self) -> bool:
        """Microsoft is a local tenant, so nothing has to be reachable from outside this machine."""
        return is_loopback(urlsplit(self.settings.login_base_url).hostname or "")

    @property
    def authority(self) -> str:
        return f"{self.settings.login_base_url.rstrip('/')}/{self.settings.microsoft_app_tenant_id or 'organizations'}"

    def identity(self) -> AppIdentity | None:
        """None where the credentials cannot be used as configured, which the check `identity` tells."""
        if not self.settings.microsoft_app_id:
            return None
        try:
            return AppIdentity.of(self.settings)
        except WrongCredentials:
            return None

    async def once(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """The value `work` gives, or what it raises, to all who ask for this name."""
        if name not in self._once:
            self._once[name] = asyncio.ensure_future(work())
        return await asyncio.shield(self._once[name])

    async def get(self, url: str, purpose: str, *, headers: Mapping[str, str] | None = None) -> Reply:
        """Raises `OutboundRefused`, aiohttp's errors, OSError and TimeoutError."""
        try:
            allowed = Allowed.of(purpose, [url])
        except ValueError as error:
            raise OutboundRefused(f"The address for {purpose} cannot be read.") from error
        return await self.outbound.request("GET", url, allowed=allowed, headers=headers, timeout=REQUEST_SECONDS)

    def forget(self) -> None:
        """What nobody waits for any more is cancelled, and its failure needs no listener."""
        for future in self._once.values():
            future.cancel()
            future.add_done_callback(_heard)


@asynccontextmanager
async def opened(installation: Installation) -> AsyncGenerator[Context]:
    ca_bundle, tls = _trusted(installation.settings.ca_bundle)
    outbound = Outbound(tls)
    try:
        transport = Transport(outbound, installation.settings.login_base_url, clock=installation.now)
    except ValueError:
        transport = None
    context = Context(installation, ca_bundle, tls, outbound, transport)
    try:
        yield context
    finally:
        context.forget()
        await outbound.aclose()


def _trusted(ca_bundle: str) -> tuple[str, ssl.SSLContext]:
    try:
        return ca_bundle, tls_context(ca_bundle)
    except OSError:
        # Told by the check `settings`; the others go on with what the system trusts.
        return "", tls_context()


def _heard(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()
