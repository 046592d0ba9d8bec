"""What the Bot Connector said no to, by the code table of Microsoft's "Error and status codes" for Teams bots.

ConnectorError        carries `status` and `code`
├── Ambiguous         the message may or may not have been posted; never sent again automatically
├── ConversationGone  404: the conversation is no longer there; forget where it was
├── MessageGone       404: somebody deleted our message
├── Blocked           403: blocked, disabled or removed; stop writing until the person speaks again
├── NotAllowed        401/403: our registration or rights
│   └── StreamRefused 403 ContentStreamNotAllowed; carries `why`
├── TooBig            413
├── Rejected          400 and other 4xx: our payload was wrong
├── Busy              429 after our own patience; carries `seconds`
├── Unreachable       nothing was accepted: no connection, or a repeatable call that kept failing
└── ForeignHost       the conversation's service address is not on our list; nothing was sent
"""

from enum import Enum


class ConnectorError(Exception):
    """The message is safe to log: it holds no text of people."""

    def __init__(self, message: str, *, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Ambiguous(ConnectorError):
    pass


class ConversationGone(ConnectorError):
    pass


class MessageGone(ConnectorError):
    pass


class Blocked(ConnectorError):
    pass


class NotAllowed(ConnectorError):
    pass


class Refusal(Enum):
    """Why a stream was refused."""

    OFF = "streaming is off here"
    TIMED_OUT = "the two minutes are over"
    STOPPED = "the person pressed Stop"
    COMPLETED = "the final message was sent already"
    CHANGED = "the text no longer starts with what was shown"
    TOO_BIG = "the message is too large"


class StreamRefused(NotAllowed):
    def __init__(self, message: str, *, why: Refusal, status: int = 403, code: str = "") -> None:
        super().__init__(message, status=status, code=code)
        self.why = why


class TooBig(ConnectorError):
    pass


class Rejected(ConnectorError):
    pass


class Busy(ConnectorError):
    def __init__(self, message: str, *, seconds: float, status: int = 429, code: str = "") -> None:
        super().__init__(message, status=status, code=code)
        self.seconds = seconds


class Unreachable(ConnectorError):
    pass


class ForeignHost(ConnectorError):
    pass


_BLOCKED = frozenset(
    {
        "BotDisabledByAdmin",
        "BotNotInConversationRoster",
        "ConversationBlockedByUser",
        "MessageWritesBlocked",
        "ForbiddenOperationException",
    }
)


def classified(status: int, code: str, message: str) -> ConnectorError:
    """`message` is the service's own; it decides what kind of refusal a stream met and is not kept."""
    said = f"The Bot Connector answered {status} {code}".rstrip() + "."
    if code == "ContentStreamNotAllowed":
        return StreamRefused(said, why=_refusal(message.lower()), status=status, code=code)
    if status == 404:
        gone = MessageGone if code == "ActivityNotFoundInConversation" else ConversationGone
        return gone(said, status=status, code=code)
    if status == 403 and code in _BLOCKED:
        return Blocked(said, status=status, code=code)
    if status in {401, 403}:
        return NotAllowed(said, status=status, code=code)
    if status == 413 or code == "MessageSizeTooBig":
        return TooBig(said, status=status, code=code)
    return Rejected(said, status=status, code=code)


def _refusal(message: str) -> Refusal:
    for words, why in (
        ("exceeded streaming time", Refusal.TIMED_OUT),
        ("cancel", Refusal.STOPPED),
        ("previously streamed", Refusal.CHANGED),
        ("already completed", Refusal.COMPLETED),
        ("size too large", Refusal.TOO_BIG),
    ):
        if words in message:
            return why
    return Refusal.OFF
