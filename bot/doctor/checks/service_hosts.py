"""Whether Teams may be answered: its service address must be on our list, or every message is refused."""

from bot.doctor.checks.cloud import GLOBAL, LOCAL, cloud_of
from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, wrong
from bot.outbound import Allowed
from bot.settings import LOOPBACK
from bot.teams.hosts import service_base

TEAMS = "smba.trafficmanager.net"
DEFAULT = "Leave SERVICE_URL_HOSTS unset, or name exact hosts, such as smba.trafficmanager.net, with the port where it is not 443."


async def run(context: Context) -> Finding:
    hosts = context.settings.service_url_hosts
    if not hosts:
        return wrong("SERVICE_URL_HOSTS names no host, so every message of Teams would be refused.", DEFAULT)
    for number, host in enumerate(hosts, 1):
        if not _is_host(host):
            return wrong(f"SERVICE_URL_HOSTS: entry {number} is not the name of a host.", DEFAULT)
    cloud = cloud_of(context.settings, "login_base_url") or frozenset()
    if GLOBAL in cloud and service_base(f"https://{TEAMS}/teams/", frozenset(hosts)) is None:
        return wrong(f"SERVICE_URL_HOSTS lacks Teams' own host, so its messages would be refused: {TEAMS}.", DEFAULT)
    if LOCAL in cloud and not any(host.rpartition(":")[0].strip("[]") in LOOPBACK for host in hosts):
        return wrong(
            "Entra is a local tenant, and SERVICE_URL_HOSTS names no address of this machine with its port.",
            "Set SERVICE_URL_HOSTS to the tenant's host and port: `make tenant` prints it.",
        )
    return ok(f"Teams may be answered at {len(hosts)} host{'s' if len(hosts) > 1 else ''}.")


def _is_host(entry: str) -> bool:
    """As both who uses the list take it: the gate at the way in, and the guarded client at the way out."""
    try:
        Allowed.of("the Bot Connector", [entry])
    except ValueError:
        return False
    scheme = "http" if entry.rpartition(":")[0].strip("[]") in LOOPBACK else "https"
    return service_base(f"{scheme}://{entry}/", frozenset({entry})) is not None


CHECK = Check("Microsoft", "May the bot answer where Teams expects it?", run)
