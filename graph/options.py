"""What an installation, and the person's own clock, add to a request for sources."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class Options:
    """What an installation lets the sources use."""

    shared_mailboxes: tuple[str, ...] = ()
    """Addresses of shared mailboxes that are searched for those who have access. Graph cannot list them."""
    copilot: bool = False
    """The tenant has Microsoft 365 Copilot: its Retrieval API and the recaps of meetings may be asked."""
    unheard: str = ""
    """The id of an application whose messages in chats and channels are not read."""


def zone_of(name: str) -> ZoneInfo:
    """By IANA name; UTC for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
