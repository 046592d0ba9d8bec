"""Whether the addresses of Microsoft belong to one cloud: a token of one is worth nothing in another."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, warning, wrong
from bot.outbound import is_loopback
from bot.settings import Settings

GLOBAL, HIGH, DOD, CHINA, LOCAL = "global", "US Government (GCC High)", "US Government (DoD)", "China", "local"
CLOUDS: Mapping[str, frozenset[str]] = {
    # learn.microsoft.com/graph/deployments, .../azure/bot-service/how-to-deploy-gov-cloud-high
    "graph.microsoft.com": frozenset({GLOBAL}),
    "login.microsoftonline.com": frozenset({GLOBAL}),
    "login.botframework.com": frozenset({GLOBAL}),
    "api.botframework.com": frozenset({GLOBAL}),
    "graph.microsoft.us": frozenset({HIGH}),
    "dod-graph.microsoft.us": frozenset({DOD}),
    "login.microsoftonline.us": frozenset({HIGH, DOD}),
    "login.botframework.azure.us": frozenset({HIGH, DOD}),
    "api.botframework.us": frozenset({HIGH, DOD}),
    "microsoftgraph.chinacloudapi.cn": frozenset({CHINA}),
    "login.chinacloudapi.cn": frozenset({CHINA}),
    "login.partner.microsoftonline.cn": frozenset({CHINA}),
}
SETTINGS = ("graph_base_url", "login_base_url", "bot_openid_metadata_url")


async def run(context: Context) -> Finding:
    settings = context.settings
    path = urlsplit(settings.login_base_url).path.strip("/")
    if path:
        return wrong(
            "LOGIN_BASE_URL has a path: it is the origin only, and the tenant is MICROSOFT_APP_TENANT_ID.",
            "Set LOGIN_BASE_URL to the origin, such as https://login.microsoftonline.com.",
        )
    found = {name.upper(): cloud for name in SETTINGS if (cloud := cloud_of(settings, name))}
    common = frozenset.intersection(*found.values()) if found else frozenset({GLOBAL})
    if not common:
        said = ", ".join(f"{name}: {' or '.join(sorted(clouds))}" for name, clouds in found.items())
        return wrong(
            f"The addresses belong to different clouds ({said}).",
            f"Set {', '.join(found)} to addresses of one cloud, or leave them unset for the global one.",
        )
    issuer = CLOUDS.get(urlsplit(settings.bot_token_issuer).hostname or "")
    if issuer is not None and LOCAL not in common and not issuer & common:
        return wrong(
            "BOT_TOKEN_ISSUER belongs to another cloud than the other addresses.",
            "Set BOT_TOKEN_ISSUER to the issuer of that cloud, or leave it unset for the global one.",
        )
    if not common & {GLOBAL, LOCAL}:
        return warning(
            "These are the addresses of a national cloud, and Parley asks for its own token in the global one.",
            "Expect the check `identity` to fail there: docs/doctor.md.",
        )
    return ok(f"The addresses of Microsoft are of one cloud ({' or '.join(sorted(common))}).")


def cloud_of(settings: Settings, name: str) -> frozenset[str] | None:
    """None: nobody of ours, a gateway perhaps."""
    host = (urlsplit(getattr(settings, name)).hostname or "").casefold()
    return frozenset({LOCAL}) if is_loopback(host) else CLOUDS.get(host)


CHECK = Check("Microsoft", "Are the addresses of Microsoft of one cloud?", run)
