"""Whether this machine's clock agrees with Microsoft's: tokens are good for a span of time, and five minutes are forgiven."""

from email.utils import parsedate_to_datetime

import aiohttp

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, unchecked, warning, wrong
from bot.outbound import OutboundRefused

FORGIVEN = 300.0
"""Seconds: learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication."""
NOTICED = 30.0
CURE = "Let the machine take its time from the network (timedatectl set-ntp true; w32tm /resync)."


async def run(context: Context) -> Finding:
    before = context.installation.now()
    try:
        reply = await context.get(f"{context.authority}/v2.0/.well-known/openid-configuration", "Entra's metadata")
        theirs = parsedate_to_datetime(reply.headers.get("Date", "")).timestamp()
    except (aiohttp.ClientError, OutboundRefused, OSError) as error:
        return unchecked(f"Entra cannot be asked for the time ({type(error).__name__}).", "See the check `identity`.")
    except ValueError:
        return unchecked("Entra's answer has no date.", "See whether a proxy answers in its place.")
    after = context.installation.now()
    # The header has whole seconds, and was written somewhere between asking and being answered.
    ahead, unsure = (before + after) / 2 - (theirs + 0.5), (after - before) / 2 + 0.5
    said = f"This machine's clock is {abs(ahead):.0f} seconds {'ahead of' if ahead > 0 else 'behind'} Microsoft's"
    if abs(ahead) - unsure > FORGIVEN:
        return wrong(f"{said}: tokens are refused from {FORGIVEN:g} on.", CURE)
    if abs(ahead) - unsure > NOTICED:
        return warning(f"{said}; from {FORGIVEN:g} on tokens are refused.", CURE)
    return ok("The clock agrees with Microsoft's.")


CHECK = Check("Microsoft", "Does the clock agree with Microsoft's?", run)
