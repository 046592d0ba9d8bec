"""What both vendors' SDKs share on the wire: trust, time limits, bounded waits, and one translation of what goes wrong."""

import logging
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from providers.base import DoorSettings
from providers.errors import (
    AccessRefused,
    BadRequest,
    ConfigurationError,
    ContextTooLong,
    Incomplete,
    NetworkFailed,
    OutOfQuota,
    Overloaded,
    ProviderError,
    RateLimited,
    TimedOut,
    Transient,
)

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LONGEST_WAIT = 10.0
"""Seconds of Retry-After that are worth sitting through; anthropic's SDK would wait for hours."""
_RESOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,127}")
_REQUEST_IDS = ("request-id", "x-request-id", "x-amzn-requestid", "apim-request-id")
_CODE = re.compile(r"[A-Za-z0-9_.\[\]-]{1,80}")
_OVERFLOW_CODES = {"context_length_exceeded", "exceed_context_size_error", "request_too_large"}
# Neither Claude (no code for it) nor most compatible servers (no codes at all) say it otherwise.
_OVERFLOW_WORDS = re.compile(
    r"prompt is too long|maximum context length|context (?:size|window|length)|input is too long", re.IGNORECASE
)
_QUOTA_CODES = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_error",
    "contract_spend_limit_reached",
    "enforced_spend_limit_reached",
    "linked_organization_spend_limit_reached",
}
_BY_TYPE: dict[str, type[ProviderError]] = {
    "authentication_error": AccessRefused,
    "permission_error": AccessRefused,
    "invalid_api_key": AccessRefused,
    "rate_limit_error": RateLimited,
    "rate_limit_exceeded": RateLimited,
    "overloaded_error": Overloaded,
    "api_error": Overloaded,
    "server_error": Overloaded,
    "slow_down": Overloaded,
    "timeout_error": TimedOut,
    "invalid_request_error": BadRequest,
    "not_found_error": BadRequest,
    "invalid_prompt": BadRequest,
    "model_not_found": BadRequest,
    # Bedrock's, inside a stream.
    "throttlingException": RateLimited,
    "internalServerException": Overloaded,
    "serviceUnavailableException": Overloaded,
    "modelStreamErrorException": Overloaded,
    "modelTimeoutException": TimedOut,
    "validationException": BadRequest,
    # Google's.
    "RESOURCE_EXHAUSTED": RateLimited,
    "UNAVAILABLE": Overloaded,
    "DEADLINE_EXCEEDED": TimedOut,
}
_SENTENCES: dict[type[ProviderError], str] = {
    AccessRefused: "{who} refused our key, or the key may not use this model",
    OutOfQuota: "The quota or budget of our {who} account is used up",
    ContextTooLong: "The conversation and its sources are too long for {who}",
    RateLimited: "{who} is receiving too many requests from us",
    Overloaded: "{who} is overloaded or has an internal problem",
    TimedOut: "{who} did not answer in time",
    NetworkFailed: "The connection to {who} failed",
    Incomplete: "{who} broke off its answer or sent something that is not its protocol",
    BadRequest: "{who} did not accept the request",
}


def http_client(sdk: Any, httpx: Any, settings: DoorSettings, base_url: str) -> Any:
    """The SDK's own default HTTP client with our limits and the extra trust; shared by all requests of one provider."""
    limits_time = httpx.Timeout(settings.read_timeout, connect=5.0, pool=5.0)
    options: dict[str, Any] = {
        "base_url": base_url,
        "timeout": limits_time,
        # A redirect would carry a person's mail to another host.
        "follow_redirects": False,
        "event_hooks": {"response": [_no_long_waits]},
    }
    if settings.ca_bundle:
        context = httpx.create_ssl_context()
        try:
            context.load_verify_locations(cafile=settings.ca_bundle)
        except OSError as err:
            raise ConfigurationError("The file named by CA_BUNDLE cannot be read as PEM certificates.") from err
        options["verify"] = context
    # At DEBUG the SDKs log whole requests, which hold people's mail.
    logging.getLogger(sdk.__name__).setLevel(logging.WARNING)
    return sdk.DefaultAsyncHttpxClient(**options)


async def _no_long_waits(response: Any) -> None:
    seconds = retry_after(response.headers)
    if seconds is not None and seconds > LONGEST_WAIT:
        # Both SDKs obey this header above their own rules.
        response.headers["x-should-retry"] = "false"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from `retry-after-ms` or a numeric `retry-after`; None without one. A date counts as too long to wait."""
    for name, divisor in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            return max(0.0, float(value) / divisor)
        except ValueError:
            return 3600.0
    return None


def request_id(headers: Mapping[str, str]) -> str:
    """The vendor's id of a request, for support cases; empty without one."""
    return next((headers[name] for name in _REQUEST_IDS if headers.get(name)), "")


@contextmanager
def translated(who: str) -> Generator[None]:
    """Turns whatever an SDK or its HTTP library raises into `ProviderError`. `who` names the vendor in sentences.

    By names, since the SDKs must not be imported here; httpx2's own errors escape anthropic's streams untranslated.
    """
    try:
        yield
    except ProviderError:
        raise
    except Exception as err:
        names = {kind.__name__ for kind in type(err).__mro__}
        if isinstance(err, RuntimeError | ValueError) and str(err).startswith("Could not resolve"):
            # How anthropic's SDK says that a cloud gave it no credentials.
            raise failure(who, AccessRefused) from err
        if not names & _FOREIGN:
            raise
        raise _translation(who, err, names) from (None if hasattr(err, "status_code") else err)


_FOREIGN = {
    "AnthropicError",
    "OpenAIError",
    "HTTPError",
    "StreamError",
    "InvalidURL",
    "JSONDecodeError",
    "UnicodeDecodeError",
    "ValidationError",
    # Of the clouds' own libraries, which fetch credentials and read Bedrock's streams.
    "AzureError",
    "BotoCoreError",
    "GoogleAuthError",
    "ParserError",
}
# In this order: what stands later is the more general.
_BY_NAME: dict[type[ProviderError], set[str]] = {
    AccessRefused: {
        "ClientAuthenticationError",
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "ProfileNotFound",
        "DefaultCredentialsError",
        "RefreshError",
    },
    TimedOut: {"APITimeoutError", "TimeoutException"},
    Incomplete: {
        "APIResponseValidationError",
        "JSONDecodeError",
        "UnicodeDecodeError",
        "StreamError",
        "DecodingError",
    },
    NetworkFailed: {"APIConnectionError", "HTTPError", "AzureError", "BotoCoreError", "GoogleAuthError"},
}


def _translation(who: str, err: Exception, names: set[str]) -> ProviderError:
    for error, kinds in _BY_NAME.items():
        if names & kinds:
            return failure(who, error)
    if "APIError" not in names:
        return failure(who, Incomplete)
    response = getattr(err, "response", None)
    headers: Mapping[str, str] = response.headers if response is not None else {}
    return classified(
        who,
        kind=str(getattr(err, "type", None) or ""),
        code=str(getattr(err, "error_code", None) or getattr(err, "code", None) or ""),
        message=str(getattr(err, "message", "")),
        param=str(getattr(err, "param", None) or ""),
        status=int(getattr(err, "status_code", 0) or 0),
        seconds=retry_after(headers),
        request_id=request_id(headers) or str(getattr(err, "request_id", None) or ""),
    )


def classified(
    who: str,
    *,
    kind: str = "",
    code: str = "",
    message: str = "",
    param: str = "",
    status: int = 0,
    seconds: float | None = None,
    request_id: str = "",
) -> ProviderError:
    """One vendor error as one of ours. The vendor's `message` is read for one purpose only and never repeated."""
    error = _kind_of(kind, code, message, status)
    detail = ", ".join(d for d in (str(status or ""), kind, code, param) if _CODE.fullmatch(d))
    return failure(who, error, detail=detail, seconds=seconds, request_id=request_id)


def _kind_of(kind: str, code: str, message: str, status: int) -> type[ProviderError]:
    if code in _QUOTA_CODES or kind in _QUOTA_CODES or status == 402:
        return OutOfQuota
    refused = status in {0, 200, 400, 413, 422, 500}
    if refused and ({code, kind} & _OVERFLOW_CODES or status == 413 or _OVERFLOW_WORDS.search(message)):
        return ContextTooLong
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return Overloaded
    # Errors inside a stream come with status 200 or none: only their type tells.
    return _BY_TYPE.get(code) or _BY_TYPE.get(kind) or (BadRequest if 400 <= status < 500 else Overloaded)


_BY_STATUS: dict[int, type[ProviderError]] = {
    401: AccessRefused,
    403: AccessRefused,
    408: TimedOut,
    429: RateLimited,
    504: TimedOut,
}


def failure(
    who: str, error: type[ProviderError], *, detail: str = "", seconds: float | None = None, request_id: str = ""
) -> ProviderError:
    """An error of ours with its sentence."""
    sentence = _SENTENCES[error].format(who=who) + (f" ({detail})." if detail else ".")
    if issubclass(error, Transient):
        return error(sentence, seconds=seconds, request_id=request_id)
    return error(sentence, request_id=request_id)


def required(settings: DoorSettings, door: str, *names: str) -> str:
    """The first of the vendor's variables that is set. Raises ConfigurationError."""
    for name in names:
        if value := settings.environment.get(name, "").strip():
            return value
    raise ConfigurationError(f"The door {door!r} needs {' or '.join(names)}, which is not set.")


def resource_name(settings: DoorSettings, name: str) -> str:
    """A variable that becomes part of a host or a path; empty when it is not set. Raises ConfigurationError."""
    value = settings.environment.get(name, "").strip()
    if value and not _RESOURCE.fullmatch(value):
        raise ConfigurationError(f"{name} is a name of letters, digits and hyphens, not an address.")
    return value


def base_url(settings: DoorSettings, name: str, default: str = "") -> str:
    """The vendor's origin. Plain http is taken for loopback only, since people's mail goes there. Raises ConfigurationError."""
    url = settings.environment.get(name, "").strip().rstrip("/") or default
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = None, None
    if parts is None or not host or parts.scheme not in {"https", "http"}:
        raise ConfigurationError(f"{name} is not an address. It looks like https://host/path.")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ConfigurationError(
            f"{name} must be an https address; plain http is accepted for loopback addresses only."
        )
    return url
