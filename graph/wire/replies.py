"""What came back from Graph, translated once into our error tree. Of an error only status and code stay: its text may quote mail."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from graph.errors import (
    Conflict,
    Forbidden,
    GraphError,
    NotFound,
    Rejected,
    SignInNeeded,
    Throttled,
    Unavailable,
)

_CODE = re.compile(r"[A-Za-z0-9_.]{1,80}")
_CLAIMS = re.compile(r'claims="([A-Za-z0-9+/=_-]{1,8192})"', re.IGNORECASE)
MAX_WAIT = 3600.0


class Unsent(Unavailable):
    """The connection failed before the request can have reached Graph."""


class TooLarge(Unavailable):
    """The answer is larger than the caller takes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`headers` have lower-case names. `body` is whole, within the caller's cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """An empty body is an empty object. Raises `Unavailable` when something between us and Graph answered in its place."""
        if not self.body.strip():
            return {}
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise Unavailable("Microsoft Graph's answer was no JSON object.", status=self.status)
        return value

    @property
    def error(self) -> GraphError:
        try:
            body = json.loads(self.body)
        except (ValueError, RecursionError):
            body = None
        return error_of(self.status, self.headers, body)

    @property
    def retry_after(self) -> float | None:
        return retry_after(self.headers)

    @property
    def claims(self) -> str | None:
        return claims_challenge(self.headers)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from a Retry-After header (RFC 9110 10.2.3: seconds or a date, which is counted from the answer's own Date)."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", value):
        return min(float(value), MAX_WAIT)
    try:
        moment = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(moment.total_seconds(), 0.0), MAX_WAIT)


def claims_challenge(headers: Mapping[str, str]) -> str | None:
    """The JSON text of a claims challenge in WWW-Authenticate, or None.

    Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge
    """
    found = _CLAIMS.search(headers.get("www-authenticate", ""))
    if not found:
        return None
    text = found.group(1).replace("-", "+").replace("_", "/")
    try:
        claims = base64.b64decode(text + "=" * (-len(text) % 4)).decode()
        return claims if isinstance(json.loads(claims), dict) else None
    except (binascii.Error, ValueError, RecursionError):
        return None


def error_code(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def error_of(status: int, headers: Mapping[str, str], body: Any) -> GraphError:
    """The error of our tree for one failed answer; `body` is the parsed JSON or anything else."""
    code, request_id = error_code(body), headers.get("request-id", "")[:80]
    detail = f"{status} {code}".strip()
    if status == 401:
        return SignInNeeded("Microsoft Graph asks to sign in again.", claims=claims_challenge(headers), code=code)
    seconds = retry_after(headers)
    if status == 429 or (status == 503 and seconds is not None):
        return Throttled(
            f"Microsoft Graph is busy for this account ({detail}).", seconds=seconds or 10.0, status=status, code=code
        )
    kind: type[GraphError]
    if status == 403:
        kind, said = Forbidden, "does not allow this"
    elif status in {404, 410}:
        kind, said = NotFound, "does not have this"
    elif status in {409, 412, 423}:
        kind, said = Conflict, "found a conflict"
    elif status >= 500:
        kind, said = Unavailable, "had a failure"
    else:
        kind, said = Rejected, "did not accept our request"
    return kind(f"Microsoft Graph {said} ({detail}).", status=status, code=code, request_id=request_id)
