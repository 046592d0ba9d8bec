"""Error bodies in Microsoft's words: the same status has another code in Outlook, SharePoint, Teams and the directory."""

from datetime import datetime
from typing import Any, Literal

from infra.local.graph.call import Refused

Service = Literal["outlook", "files", "teams", "directory", "search"]

CODES: dict[int, dict[Service, tuple[str, str]]] = {
    403: {
        "outlook": ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
        "files": ("accessDenied", "Access denied"),
        "teams": ("Forbidden", "Missing scope permissions on the request."),
        "directory": ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
        "search": ("Forbidden", "Access to the entity in Graph API requires further permissions."),
    },
    404: {
        "outlook": ("ErrorItemNotFound", "The specified object was not found in the store."),
        "files": ("itemNotFound", "The resource could not be found."),
        "teams": ("NotFound", "NotFound"),
        "directory": (
            "Request_ResourceNotFound",
            "Resource does not exist or one of its queried reference-property objects are not present.",
        ),
        "search": ("itemNotFound", "The resource could not be found."),
    },
    409: {
        "files": ("nameAlreadyExists", "The specified item name already exists."),
        "outlook": (
            "ErrorIrresolvableConflict",
            "The change key passed in the request does not match the item's current change key.",
        ),
    },
    410: {
        "files": ("resyncRequired", "Resync required. Replace any local items with the server's version."),
        "outlook": ("syncStateNotFound", "The sync state generation is not found; the client must start again."),
    },
    412: {
        "files": ("resourceModified", "ETag does not match current item's value"),
        "outlook": ("ErrorIrresolvableConflict", "The change key does not match."),
    },
    423: {"files": ("resourceLocked", "The resource you are attempting to access is locked")},
    429: {
        "outlook": ("ApplicationThrottled", "Application is over its MailboxConcurrency limit."),
        "files": ("activityLimitReached", "The app or user has been throttled."),
        "teams": ("TooManyRequests", "TooManyRequests"),
        "directory": ("TooManyRequests", "Too many requests."),
        "search": ("TooManyRequests", "The request has been throttled."),
    },
}
GENERAL: dict[int, tuple[str, str]] = {
    400: ("BadRequest", "The request is malformed or incorrect."),
    401: ("InvalidAuthenticationToken", "Access token is empty."),
    403: ("Forbidden", "Forbidden"),
    404: ("ResourceNotFound", "Resource not found."),
    405: ("Request_BadRequest", "Specified HTTP method is not allowed for the request target."),
    406: ("NotAcceptable", "The requested format is not supported."),
    409: ("Conflict", "The request conflicts with the current state."),
    410: ("Gone", "The resource is no longer available."),
    411: ("lengthRequired", "A Content-Length header is required."),
    412: ("PreconditionFailed", "A precondition of the request is not met."),
    413: ("RequestEntityTooLarge", "The request is too large."),
    415: ("UnsupportedMediaType", "The content type is not supported."),
    422: ("UnprocessableEntity", "The request is semantically incorrect."),
    423: ("Locked", "The resource is locked."),
    424: ("FailedDependency", "The request failed because a request it depends on failed."),
    429: ("TooManyRequests", "Too many requests."),
    500: ("InternalServerError", "Internal server error."),
    501: ("notSupported", "The operation is not supported."),
    502: ("BadGateway", "Bad gateway."),
    503: ("serviceNotAvailable", "The service is temporarily unavailable."),
    504: ("GatewayTimeout", "The service did not answer in time."),
    507: ("quotaLimitReached", "Insufficient space available."),
    509: ("BandwidthLimitExceeded", "The bandwidth limit is exceeded."),
}


def refusal(status: int, service: Service, *, message: str = "", headers: dict[str, str] | None = None) -> Refused:
    code, text = CODES.get(status, {}).get(service) or GENERAL.get(status, ("UnknownError", ""))
    return Refused(status, code, message or text, headers)


def not_found(service: Service) -> Refused:
    return refusal(404, service)


def bad_request(message: str, code: str = "BadRequest") -> Refused:
    return Refused(400, code, message)


def body(code: str, message: str, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
    inner = {
        "date": now.isoformat(timespec="seconds").partition("+")[0],
        "request-id": request_id,
        "client-request-id": client_request_id or request_id,
    }
    return {"error": {"code": code, "message": message, "innerError": inner}}
