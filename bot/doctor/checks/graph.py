"""Whether Microsoft Graph is where the setting says: asked without a token, it says who it is and refuses."""

import aiohttp

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, unchecked, wrong
from bot.outbound import OutboundRefused
from bot.settings import is_https


async def run(context: Context) -> Finding:
    if not is_https(context.settings.graph_base_url):
        return unchecked("GRAPH_BASE_URL is no address, which the check `settings` tells.")
    if not context.graph_url:
        return wrong(
            "GRAPH_BASE_URL does not end in the version of Graph.",
            "Set GRAPH_BASE_URL to origin and version, such as https://graph.microsoft.com/v1.0.",
        )
    try:
        reply = await context.get(f"{context.graph_url}/me", "Microsoft Graph")
    except (aiohttp.ClientError, OutboundRefused, OSError) as error:
        return wrong(
            f"Microsoft Graph cannot be reached ({type(error).__name__}).",
            "Check GRAPH_BASE_URL, CA_BUNDLE and the firewall.",
        )
    if reply.status != 401 or "Bearer" not in reply.headers.get("WWW-Authenticate", ""):
        return wrong(
            f"What answers at GRAPH_BASE_URL is not Microsoft Graph (status {reply.status}, and it asks for no token).",
            "Check GRAPH_BASE_URL, and whether a proxy answers in Graph's place.",
        )
    return ok("Microsoft Graph answers.")


CHECK = Check("Microsoft", "Can Microsoft Graph be reached?", run)
