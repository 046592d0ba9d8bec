"""The Bot Connector's refusals, as Microsoft's documentation of bot status codes and of Teams streaming lists them."""

from typing import Any

from aiohttp import web

BY_STATUS = {
    400: ("BadArgument", "The request is malformed."),
    401: ("Unauthorized", "Authorization has been denied for this request."),
    403: ("BotNotInConversationRoster", "The bot is not part of the conversation roster."),
    404: ("ConversationNotFound", "Conversation not found."),
    412: ("PreconditionFailed", "Precondition failed, please try again."),
    413: ("MessageSizeTooBig", "Message size too large."),
    429: ("Throttled", "API calls quota exceeded! Maximum admitted per time window."),
    500: ("ServiceError", "Unknown service error."),
    502: ("ServiceError", "Bad gateway."),
    503: ("ServiceError", "Service is unavailable."),
    504: ("ServiceError", "Gateway timeout."),
}
REFUSALS: dict[str, tuple[int, str]] = {
    "BotDisabledByAdmin": (403, "The tenant admin disabled this bot."),
    "BotNotInConversationRoster": (403, "The bot is not part of the conversation roster."),
    "ConversationBlockedByUser": (403, "User blocked the conversation with the bot."),
    "ForbiddenOperationException": (403, "Bot is not installed in user's personal scope."),
    "InvalidBotApiHost": (
        403,
        "Invalid bot api host. For GCC tenants, please call https://smba.infra.gcc.teams.microsoft.com.",
    ),
    "NotEnoughPermissions": (403, "Bot doesn't have the permissions to perform this operation."),
    "ContentStreamNotAllowed": (403, "Content stream is not allowed"),
    "ConversationNotFound": (404, "Conversation not found."),
    "BotNotRegistered": (401, "No registration found for this bot."),
    "PreconditionFailed": (412, "Precondition failed, please try again."),
    "ServiceError": (500, "Unknown service error."),
}
"""What `ConnectorState.refusals` may name for a conversation."""


class ConnectorError(Exception):
    """A refusal; `extra` are further members of the body, `headers` of the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers, self.extra = headers or {}, extra or {}


def refusal(code: str) -> ConnectorError:
    status, message = REFUSALS[code]
    extra = {"errorCode": 209, "subCode": "MessageWritesBlocked"} if code == "ConversationBlockedByUser" else None
    return ConnectorError(status, code, message, extra=extra)


def by_status(status: int, headers: dict[str, str] | None = None) -> ConnectorError:
    code, message = BY_STATUS.get(status, ("ServiceError", "Unknown service error."))
    return ConnectorError(status, code, message, headers=headers)


def bad_request(message: str, code: str = "BadSyntax") -> ConnectorError:
    return ConnectorError(400, code, message)


def response(error: ConnectorError) -> web.Response:
    body = {"error": {"code": error.code, "message": error.message}, **error.extra}
    return web.json_response(body, status=error.status, headers=error.headers)
