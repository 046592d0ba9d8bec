"""Whether people's browsers and Teams reach the bot at PUBLIC_URL."""

import asyncio
import ssl

import aiohttp

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, unchecked, warning, wrong
from bot.doctor.handshake import host_of
from bot.doctor.serving import alive, listening
from bot.outbound import OutboundRefused, is_loopback

SET = "Set PUBLIC_URL to the https address that leads to HOST and PORT, such as https://parley.contoso.com."
LEAD = "Start the bot (`python -m bot serve`), and let PUBLIC_URL's proxy or tunnel lead to HOST and PORT."
NOT_RUNNING = frozenset({502, 503, 504})
"""What proxies say when nothing stands behind them."""


async def run(context: Context) -> Finding:
    settings, url = context.settings, context.public_url
    if not url and settings.public_url:
        return unchecked("PUBLIC_URL is no https address, which the check `settings` tells.")
    if not url:
        if context.among_ourselves or not settings.microsoft_app_id:
            return ok(
                "PUBLIC_URL is not set: the sign-in page is reached on this machine only, as everything else here."
            )
        return wrong("PUBLIC_URL is not set, so nobody's browser reaches the sign-in page.", SET)
    if is_loopback(host_of(url)) and not context.among_ourselves:
        return wrong("PUBLIC_URL is an address of this machine, which neither Teams nor people's browsers reach.", SET)
    try:
        reply = await context.get(f"{url}/healthz", "PUBLIC_URL")
    except aiohttp.ClientConnectorCertificateError:
        return unchecked("The certificate of PUBLIC_URL is refused.", "See the check `certificate`.")
    except OutboundRefused as error:
        return unchecked(f"{error} It is not asked from here.", "Open PUBLIC_URL/healthz in a browser outside.")
    except (aiohttp.ClientError, ssl.SSLError, OSError) as error:
        return await _silent(context, f"Nothing answers at PUBLIC_URL ({type(error).__name__}).")
    if alive(reply):
        return ok("The bot answers at PUBLIC_URL.")
    if reply.status in NOT_RUNNING:
        return await _silent(context, f"There is no bot behind PUBLIC_URL (status {reply.status}).")
    return wrong(f"What answers at PUBLIC_URL/healthz is not this bot (status {reply.status}).", LEAD)


async def _silent(context: Context, what: str) -> Finding:
    """Before the first start that is as it should be."""
    if (
        context.settings.port
        and await asyncio.to_thread(listening, context.settings.host, context.settings.port) is None
    ):
        return warning(f"{what} No bot is running on this machine.", LEAD)
    return wrong(what, LEAD)


CHECK = Check("reach", "Is the bot reached at PUBLIC_URL?", run)
