"""The app itself before Entra: how it proves who it is, and the one token that lets it write into Teams."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msal
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from bot.settings import Settings
from bot.signin.entra import code_of
from bot.signin.transport import Transport
from graph.errors import Rejected, Unavailable

CONNECTOR_RESOURCE = "https://api.botframework.com"
FEDERATED_RESOURCE = "api://AzureADTokenExchange"
BOT_FRAMEWORK_TENANT = "botframework.com"
REFRESH_BEFORE_SECONDS = 600.0
USABLE_BEFORE_SECONDS = 120.0
RETRY_SECONDS = 30.0
IDENTITY_SECONDS = 15.0

Credential = str | dict[str, Any]
"""What MSAL takes as client_credential: a secret, a certificate with its key, or a callable that makes assertions."""


class WrongCredentials(Exception):
    """The app's own credentials cannot be used as configured; a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class AppIdentity:
    """Who the bot is and how it proves it. Nothing of it is ever written into a log."""

    bot_id: str
    sign_in_id: str
    """The app people sign in to; differs from `bot_id` only with a managed identity, which people cannot sign in to."""
    tenant: str
    credential: Credential = field(repr=False)
    managed: Any = field(default=None, repr=False)
    """msal.ManagedIdentityClient, when the bot is a managed identity."""

    @classmethod
    def of(cls, settings: Settings) -> "AppIdentity":
        """Raises WrongCredentials. Reads the certificate file, so call it at start-up."""
        bot_id = settings.microsoft_app_id
        sign_in_id = settings.microsoft_sign_in_app_id or bot_id
        tenant = settings.microsoft_app_tenant_id
        if settings.microsoft_app_type == "UserAssignedMSI":
            managed = msal.ManagedIdentityClient(
                msal.UserAssignedManagedIdentity(client_id=bot_id), http_client=_PlatformSession()
            )
            return cls(bot_id, sign_in_id, tenant, {"client_assertion": lambda: _federated(managed)}, managed)
        if settings.microsoft_app_certificate:
            return cls(bot_id, sign_in_id, tenant, certificate(Path(settings.microsoft_app_certificate)))
        secret = settings.microsoft_app_password.get_secret_value()
        if not secret:
            raise WrongCredentials(
                "Set MICROSOFT_APP_PASSWORD or MICROSOFT_APP_CERTIFICATE: the app cannot prove who it is."
            )
        return cls(bot_id, sign_in_id, tenant, secret)


def certificate(path: Path) -> Credential:
    """A PEM file with one unencrypted private key and its certificate, in any order. Raises WrongCredentials."""
    try:
        pem = path.read_bytes()
        key = load_pem_private_key(pem, password=None)
        found = x509.load_pem_x509_certificates(pem)
    except OSError:
        raise WrongCredentials("The file MICROSOFT_APP_CERTIFICATE names cannot be read.") from None
    except (ValueError, TypeError):
        raise WrongCredentials(
            "MICROSOFT_APP_CERTIFICATE must be a PEM file with a certificate and its private key without a password."
        ) from None
    leaf = next((c for c in found if c.public_key() == key.public_key()), None)
    if leaf is None:
        raise WrongCredentials("The private key in MICROSOFT_APP_CERTIFICATE belongs to none of its certificates.")
    return {
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "public_certificate": leaf.public_bytes(Encoding.PEM).decode(),
    }


def application(
    client_id: str,
    credential: Credential,
    authority: str,
    transport: Transport,
    *,
    cache: msal.TokenCache | None = None,
    capabilities: tuple[str, ...] = (),
) -> msal.ConfidentialClientApplication:
    """A fresh MSAL application for one operation; call it in a worker thread.

    Not kept, because MSAL repeats a refusal (HTTP 400) from memory for 60 seconds: someone who consents and comes back at once would
    be refused again. And its throttle for 429 and 5xx does not tell people apart in on-behalf-of, so one person's bad luck would be
    answered to everybody (msal 1.39, throttled_http_client.py). Discovery is kept by the transport instead.
    """
    try:
        return msal.ConfidentialClientApplication(
            client_id,
            client_credential=credential,
            authority=authority,
            token_cache=cache,
            http_client=transport,
            # The authority is the operator's own setting; asking login.microsoftonline.com about it would break other clouds.
            instance_discovery=False,
            client_capabilities=list(capabilities) or None,
            azure_region=False,
        )
    except (ValueError, KeyError):
        raise Rejected("Entra does not know the tenant: check MICROSOFT_APP_TENANT_ID and LOGIN_BASE_URL.") from None


class AppTokens:
    """The bot's own token for the Bot Connector, refreshed by one task at a time, before it expires."""

    def __init__(
        self, identity: AppIdentity, login_base_url: str, transport: Transport, *, clock: Callable[[], float]
    ) -> None:
        """`clock` gives seconds since the epoch."""
        self._identity = identity
        self._authority = f"{login_base_url.rstrip('/')}/{identity.tenant or BOT_FRAMEWORK_TENANT}"
        self._transport = transport
        self._clock = clock
        self._token = ""
        self._refresh_at = 0.0
        self._usable_until = 0.0
        self._refreshing: asyncio.Task[None] | None = None

    async def connector_token(self) -> str:
        """Raises graph.errors.Rejected when Entra refuses the app, Throttled or Unavailable when it cannot be asked."""
        now = self._clock()
        if now < self._refresh_at:
            return self._token
        task = self._refreshing
        if task is None:
            task = self._refreshing = asyncio.create_task(self._refresh())
            task.add_done_callback(self._refreshed)
        if now < self._usable_until:
            return self._token
        # Shielded: one impatient caller must not cancel the refresh the others wait for.
        await asyncio.shield(task)
        return self._token

    def reject(self, token: str) -> None:
        """The connector answered 401 to this token: the next call fetches another, unless that has happened already."""
        if token == self._token:
            self._refresh_at = self._usable_until = 0.0

    async def aclose(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)

    async def _refresh(self) -> None:
        now = self._clock()
        result = await asyncio.to_thread(self._acquire)
        lifetime = float(result["expires_in"])
        self._token = str(result["access_token"])
        self._refresh_at = now + max(lifetime - REFRESH_BEFORE_SECONDS, lifetime / 2)
        self._usable_until = now + max(lifetime - USABLE_BEFORE_SECONDS, lifetime / 2)

    def _refreshed(self, task: asyncio.Task[None]) -> None:
        self._refreshing = None
        # Looked at here, since nobody may be waiting while the old token is still good.
        if not task.cancelled() and task.exception() is not None:
            self._refresh_at = min(self._clock() + RETRY_SECONDS, self._usable_until)

    def _acquire(self) -> Mapping[str, Any]:
        if self._identity.managed is not None:
            return _managed(self._identity.managed, CONNECTOR_RESOURCE)
        app = application(self._identity.bot_id, self._identity.credential, self._authority, self._transport)
        return own_token(app, CONNECTOR_RESOURCE)


def own_token(app: msal.ConfidentialClientApplication, resource: str) -> Mapping[str, Any]:
    """The app's own token for a resource, nobody signed in; call it in a worker thread. Raises graph.errors as `connector_token`."""
    result: Mapping[str, Any] = app.acquire_token_for_client([f"{resource}/.default"])
    if "access_token" not in result:
        raise Rejected(
            "Entra refused the bot's own credentials: check MICROSOFT_APP_ID, MICROSOFT_APP_TENANT_ID and the secret or certificate.",
            status=401,
            code=code_of(result),
        )
    return result


class _PlatformSession(requests.Session):
    """Managed identity only: the address is the hosting platform's own, plain http and link-local, which Outbound refuses by design.

    MSAL reads it from the platform's environment; nothing a person writes can reach it. `requests` because MSAL demands it here.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", IDENTITY_SECONDS)
        kwargs["allow_redirects"] = False
        return super().request(method, url, *args, **kwargs)


def _managed(client: Any, resource: str) -> Mapping[str, Any]:
    try:
        result: Mapping[str, Any] = client.acquire_token_for_client(resource=resource)
    except (requests.RequestException, ValueError, msal.ManagedIdentityError) as error:
        raise Unavailable(
            f"The platform's managed identity service could not be reached ({type(error).__name__})."
        ) from None
    if "access_token" not in result:
        raise Rejected(
            "The platform gave no token for the managed identity: is MICROSOFT_APP_ID its client id, and is it assigned to this machine?",
            status=401,
        )
    return result


def _federated(client: Any) -> str:
    """The managed identity's token that stands in for a client secret (workload identity federation)."""
    return str(_managed(client, FEDERATED_RESOURCE)["access_token"])


@dataclass(frozen=True, slots=True)
class NoTokens:
    """Stands for the bot's own token in a local run without an app id; the Playground asks for none."""

    async def connector_token(self) -> str:
        return ""

    def reject(self, token: str) -> None:
        del token
