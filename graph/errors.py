"""What Microsoft Graph said no to.

GraphError                 carries `status`, `code`, `request_id`
├── SignInNeeded           no usable token for this person; carries `claims` when Graph asked for more (CAE)
│   └── ConsentRequired    carries the `scopes` nobody consented to yet
├── Forbidden              403: this person may not
├── NotFound               404/410
├── Conflict               409/412/423
├── Throttled              429 and 503 with Retry-After, after our own patience; carries `seconds`
├── Unavailable            5xx, time-outs, broken connections
├── Rejected               400 and other 4xx: our request was wrong
├── ForeignLink            an address that is not Graph's own was about to get a token or be followed
└── Unreadable             a document that could not become text; carries `reason`, a phrase for the reader
    └── IsFolder           a folder stands where a file was expected
"""


class GraphError(Exception):
    """The message is safe to log: it never holds mail, file or query text."""

    def __init__(self, message: str, *, status: int = 0, code: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id


class SignInNeeded(GraphError):
    def __init__(self, message: str, *, claims: str | None = None, status: int = 401, code: str = "") -> None:
        super().__init__(message, status=status, code=code)
        self.claims = claims


class ConsentRequired(SignInNeeded):
    def __init__(self, message: str, *, scopes: tuple[str, ...]) -> None:
        super().__init__(message)
        self.scopes = scopes


class Forbidden(GraphError):
    pass


class NotFound(GraphError):
    pass


class Conflict(GraphError):
    pass


class Throttled(GraphError):
    def __init__(self, message: str, *, seconds: float, status: int = 429, code: str = "") -> None:
        super().__init__(message, status=status, code=code)
        self.seconds = seconds


class Unavailable(GraphError):
    pass


class Rejected(GraphError):
    pass


class ForeignLink(GraphError):
    pass


class Unreadable(GraphError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class IsFolder(Unreadable):
    pass
