"""Whether messages from Teams can be told from forged ones: the Bot Framework's keys, and their issuer."""

import aiohttp

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, wrong
from bot.outbound import OutboundRefused
from bot.teams.keys import KeyStore


async def run(context: Context) -> Finding:
    settings = context.settings
    url, cure = settings.bot_openid_metadata_url, "Check BOT_OPENID_METADATA_URL, CA_BUNDLE and the firewall."
    try:
        metadata = await context.get(url, "the Bot Framework's metadata")
        keys = KeyStore(context.outbound, url, now=context.installation.now)
    except (aiohttp.ClientError, OutboundRefused, OSError) as error:
        return wrong(f"The Bot Framework's metadata cannot be had ({type(error).__name__}).", cure)
    try:
        fetched = await keys.start()
    finally:
        await keys.aclose()
    if not fetched:
        return wrong(
            f"The Bot Framework's keys cannot be had (its metadata answered with status {metadata.status}).", cure
        )
    issuer = metadata.json().get("issuer")
    if issuer != settings.bot_token_issuer:
        return wrong(
            "BOT_TOKEN_ISSUER is not who the metadata names as issuer, so every message would be refused.",
            "Leave BOT_TOKEN_ISSUER unset, or set it to the `issuer` in the document BOT_OPENID_METADATA_URL names.",
        )
    return ok("The keys that sign Teams' messages are there, and so is their issuer.")


CHECK = Check("Microsoft", "Can messages from Teams be verified?", run)
