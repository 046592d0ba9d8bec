"""A row of the inbox as the rest of the bot sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.store.tables import KEY_BYTES


class State(Enum):
    WAITING = "waiting"
    WORKING = "working"
    SENDING = "sending"
    DONE = "done"
    UNKNOWN = "unknown"
    """Ended without certainty that the person saw an answer, or saw it once only. Operators can count these."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the inbox that this process works on."""

    seq: int
    conversation_id: str
    activity_id: str
    activity: Mapping[str, Any]
    attempt: int
    """1 the first time; more after a process died over it or lost it."""
    reply_id: str
    uncertain: bool
    """A post was announced and nobody knows whether it arrived: never answer, only apologise."""

    @property
    def reference(self) -> str:
        """What logs and the person see, so that they can be brought together."""
        return f"T{self.seq}"


def check_key(value: str) -> None:
    """Raises ValueError for what a text key of the database can't hold."""
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise ValueError("An id holds half a surrogate pair.") from None
    if not value or size > KEY_BYTES or "\x00" in value:
        raise ValueError("An id is empty, too long or holds a NUL.")
