"""Whether a bot of ours answers at an address, and whether one could at the port."""

import aiohttp

from bot.doctor.context import Context
from bot.listener import bound
from bot.outbound import OutboundRefused, Reply

ANY = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 -- what HOST may say, not what we listen on


def listening(host: str, port: int) -> str | None:
    """None when the port is free; else why it is not."""
    try:
        bound(host, port).close()
    except ValueError as error:
        return str(error)
    return None


async def served(context: Context) -> bool:
    """Whether what has our port is a bot. Asked on loopback: the port is this machine's own."""
    settings = context.settings
    host = "127.0.0.1" if settings.host in ANY else settings.host
    place = f"[{host}]" if ":" in host else host
    try:
        return alive(await context.get(f"http://{place}:{settings.port}/healthz", "our own port"))
    except (aiohttp.ClientError, OutboundRefused, OSError):
        return False


def alive(reply: Reply) -> bool:
    """Whether this is the answer of our `/healthz`."""
    try:
        value = reply.json()
    except ValueError:
        return False
    return reply.status == 200 and isinstance(value, dict) and value.get("status") == "alive"
