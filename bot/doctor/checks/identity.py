"""Whether Entra takes the bot for who it says it is: a real token for the Bot Connector, by the server's own code."""

import math
from collections.abc import Sequence

from cryptography import x509

from bot.doctor.context import Context
from bot.doctor.directory import graph_token
from bot.doctor.finding import Check, Finding, ok, unchecked, warning, wrong
from bot.signin.credentials import AppIdentity, AppTokens, WrongCredentials
from graph.errors import GraphError, Rejected, Throttled

RENEW = "Make a new secret (Entra, App registrations, Certificates & secrets); MICROSOFT_APP_PASSWORD is its value, not its id."
CURES = {
    "AADSTS7000215": ("The client secret is wrong.", RENEW),
    "AADSTS7000222": ("The client secret has expired.", RENEW),
    "AADSTS700016": (
        "The tenant has no app with this id.",
        "Check MICROSOFT_APP_ID (the application id, not the object id) and MICROSOFT_APP_TENANT_ID.",
    ),
    "AADSTS700027": (
        "The certificate is not registered on the app.",
        "Upload it at Entra, App registrations, Certificates & secrets, or mend MICROSOFT_APP_CERTIFICATE.",
    ),
    "AADSTS90002": ("Entra does not know the tenant.", "Check MICROSOFT_APP_TENANT_ID and LOGIN_BASE_URL."),
    "AADSTS7000229": (
        "The app is registered, and is not in this tenant's Enterprise applications.",
        "Run `python -m infra.azure.entra register --apply`, or open Entra, Enterprise applications, New application.",
    ),
    "AADSTS700213": (
        "The app trusts another managed identity than this one.",
        "Add a federated credential for MICROSOFT_APP_ID to the app MICROSOFT_SIGN_IN_APP_ID names.",
    ),
}
DAYS = 30
"""Before its end a certificate is worth a word."""


async def run(context: Context) -> Finding | Sequence[Finding]:
    if not context.settings.microsoft_app_id:
        return unchecked(
            "MICROSOFT_APP_ID is not set.",
            "Set it, or PARLEY_LOCAL=1 for a local run: README.md, Serve your own tenant.",
        )
    if context.transport is None:
        return unchecked("LOGIN_BASE_URL is no address, which the check `settings` tells.")
    try:
        identity = AppIdentity.of(context.settings)
    except WrongCredentials as error:
        return wrong(str(error), "Set MICROSOFT_APP_PASSWORD or MICROSOFT_APP_CERTIFICATE.")
    try:
        await _tokens(context, identity)
    except Rejected as error:
        # Without a code it is the tenant's discovery that failed.
        what, cure = CURES.get(error.code or "AADSTS90002", (str(error), "Check MICROSOFT_APP_ID and its credentials."))
        return wrong(f"{what} ({error.code})" if error.code else what, cure)
    except Throttled as error:
        return unchecked(f"Entra asks us to wait {error.seconds:g} seconds.", "Run it again later.")
    except GraphError as error:
        return wrong(str(error), "Check LOGIN_BASE_URL, CA_BUNDLE and the firewall: docs/doctor.md names the hosts.")
    return [ok("Entra gives the bot a token."), *_ends(context, identity)]


async def _tokens(context: Context, identity: AppIdentity) -> None:
    assert context.transport is not None
    tokens = AppTokens(identity, context.settings.login_base_url, context.transport, clock=context.installation.now)
    try:
        await tokens.connector_token()
    finally:
        await tokens.aclose()
    if identity.sign_in_id != identity.bot_id:
        await graph_token(context)


def _ends(context: Context, identity: AppIdentity) -> Sequence[Finding]:
    """Entra does not say when a secret ends; a certificate says so itself."""
    if not isinstance(identity.credential, dict) or "public_certificate" not in identity.credential:
        return []
    leaf = x509.load_pem_x509_certificate(identity.credential["public_certificate"].encode())
    days = math.floor((leaf.not_valid_after_utc.timestamp() - context.installation.now()) / 86400)
    if days >= DAYS:
        return []
    what = f"ends in {days} days" if days >= 0 else "has ended"
    return [
        warning(
            f"The certificate in MICROSOFT_APP_CERTIFICATE {what}.",
            "Upload a new one at Entra beside it, then name it in MICROSOFT_APP_CERTIFICATE.",
        )
    ]


CHECK = Check("Microsoft", "Does Entra give the bot a token?", run)
