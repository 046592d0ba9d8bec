"""Why a model did not answer.

ProviderError
├── ConfigurationError     a key or model name is missing or malformed; found at start-up
├── AccessRefused          401/403: the key is wrong or may not use this model
├── OutOfQuota             the account's money or quota is used up; retrying does not help
├── BadRequest             400/404/422: we or the model name are at fault
│   └── ContextTooLong     the prompt does not fit the model
├── Transient              another try, or another vendor, may help; carries `seconds`, the vendor's Retry-After
│   ├── RateLimited        we ask too much
│   ├── Overloaded         5xx, 529 or the vendor's overloaded error
│   ├── TimedOut           no answer, or a stalled stream
│   └── NetworkFailed      the connection broke
├── Expired                a batch ended before this request's turn came
├── Cancelled              a batch was ended by us before this request's turn came
└── Incomplete             the stream ended without its terminal event, or was not what the protocol promises
"""


class ProviderError(Exception):
    """`request_id` is the vendor's, for support cases; the message never holds prompt or answer text."""

    def __init__(self, message: str, *, request_id: str = "") -> None:
        super().__init__(message)
        self.request_id = request_id


class ConfigurationError(ProviderError):
    pass


class AccessRefused(ProviderError):
    pass


class OutOfQuota(ProviderError):
    pass


class BadRequest(ProviderError):
    pass


class ContextTooLong(BadRequest):
    pass


class Transient(ProviderError):
    def __init__(self, message: str, *, seconds: float | None = None, request_id: str = "") -> None:
        super().__init__(message, request_id=request_id)
        self.seconds = seconds


class RateLimited(Transient):
    pass


class Overloaded(Transient):
    pass


class TimedOut(Transient):
    pass


class NetworkFailed(Transient):
    pass


class Expired(ProviderError):
    pass


class Cancelled(ProviderError):
    pass


class Incomplete(ProviderError):
    pass
