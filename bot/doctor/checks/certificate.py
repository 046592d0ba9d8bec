"""Whether browsers and Teams trust the certificate of PUBLIC_URL, and for how long still."""

import ssl
from typing import Any

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, unchecked, warning, wrong
from bot.doctor.handshake import certificate
from bot.outbound import OutboundRefused, tls_context

DAYS = 21
"""Before its end a renewal has failed: those that renew themselves do so a month before."""
RENEW = "Renew the certificate at whatever ends TLS for PUBLIC_URL."
# openssl's X509_V_ERR_ numbers.
NOT_YET, EXPIRED = 9, 10
OTHER_NAME = frozenset({62, 64})


async def run(context: Context) -> Finding:
    url = context.public_url
    if not url.startswith("https://"):
        return unchecked("PUBLIC_URL is no https address.", "See the check `address`.")
    try:
        shown = await certificate(url, context.tls)
    except ssl.SSLCertVerificationError as error:
        return _refused(error)
    except (OutboundRefused, OSError):
        return unchecked("No connection to PUBLIC_URL.", "See the check `address`.")
    if not context.among_ourselves and context.ca_bundle and not await _trusted(url):
        return warning(
            "The certificate of PUBLIC_URL is trusted for the sake of CA_BUNDLE only: Teams and people's browsers have no such list.",
            "Use a certificate of an authority everybody trusts for PUBLIC_URL.",
        )
    return _until(shown, context.installation.now())


def _refused(error: ssl.SSLCertVerificationError) -> Finding:
    if error.verify_code == EXPIRED:
        return wrong("The certificate of PUBLIC_URL has expired.", RENEW)
    if error.verify_code == NOT_YET:
        return wrong("The certificate of PUBLIC_URL is not valid yet.", f"{RENEW} See the check `clock` too.")
    if error.verify_code in OTHER_NAME:
        return wrong(
            "The certificate of PUBLIC_URL is for another host.",
            "Set PUBLIC_URL to a host the certificate names, or get a certificate for the host in PUBLIC_URL.",
        )
    return wrong(
        "The certificate of PUBLIC_URL is not from an authority this machine trusts, or its chain is incomplete.",
        "Serve the whole chain for PUBLIC_URL, of an authority everybody trusts; CA_BUNDLE helps this machine only.",
    )


def _until(shown: dict[str, Any], now: float) -> Finding:
    days = int((ssl.cert_time_to_seconds(str(shown["notAfter"])) - now) // 86400)
    if days < DAYS:
        return warning(f"The certificate of PUBLIC_URL ends in {days} days.", RENEW)
    return ok(f"The certificate of PUBLIC_URL is trusted for {days} more days.")


async def _trusted(url: str) -> bool:
    """By the system alone."""
    try:
        await certificate(url, tls_context())
    except ssl.SSLCertVerificationError:
        return False
    return True


CHECK = Check("reach", "Is the certificate of PUBLIC_URL good?", run)
