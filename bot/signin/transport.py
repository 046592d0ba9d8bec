"""MSAL's HTTP, carried over our own guarded client, so that sign-in has no second way out of the process."""

import asyncio
import concurrent.futures
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.outbound import Allowed, Outbound, OutboundRefused
from graph.errors import Throttled, Unavailable

DISCOVERY_SECONDS = 24 * 3600.0
REQUEST_SECONDS = 20.0
RETRY_AFTER_SECONDS = 5.0
RETRY_AFTER_MOST = 3600.0

# At DEBUG msal writes whole token requests: it masks tokens, but neither authorization codes nor user names.
logging.getLogger("msal").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Answer:
    """What MSAL reads of a response."""

    status_code: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def raise_for_status(self) -> None:
        """Failures were raised before MSAL sees a response."""


class Transport:
    """One per process, used by MSAL in worker threads only: a call from the event loop's own thread would wait for itself.

    Raises graph.errors.Throttled for 429 and Unavailable for 5xx, broken connections, and answers that are no JSON object, which
    MSAL would otherwise write into the log whole.
    """

    def __init__(self, outbound: Outbound, login_base_url: str, *, clock: Callable[[], float]) -> None:
        """Must be built inside the running event loop. `clock` gives seconds since the epoch."""
        self._outbound = outbound
        self._loop = asyncio.get_running_loop()
        self._allowed = Allowed.of("sign-in", [login_base_url])
        self._clock = clock
        self._discovered: dict[str, tuple[float, Answer]] = {}

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, **_: Any) -> Answer:
        """Only discovery documents are fetched by GET; a good one is kept for a day."""
        kept = self._discovered.get(url)
        if kept is not None and kept[0] > self._clock():
            return kept[1]
        answer = self._wait("GET", url, headers=headers)
        if answer.status_code == 200:
            self._discovered[url] = (self._clock() + DISCOVERY_SECONDS, answer)
        return answer

    def post(
        self, url: str, *, headers: Mapping[str, str] | None = None, data: Mapping[str, Any] | None = None, **_: Any
    ) -> Answer:
        """A form; MSAL's values are str, int or (a signed assertion) bytes."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._wait("POST", url, headers={**(headers or {}), **form}, data=urlencode(data or {}).encode())

    def close(self) -> None:
        """MSAL's interface asks for it; the connection pool is not ours to close."""

    def _wait(self, method: str, url: str, **parts: Any) -> Answer:
        future = asyncio.run_coroutine_threadsafe(self._send(method, url, **parts), self._loop)
        try:
            return future.result(REQUEST_SECONDS + 5)
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            future.cancel()
            raise Unavailable("Microsoft's sign-in service did not answer in time.") from None

    async def _send(self, method: str, url: str, **parts: Any) -> Answer:
        try:
            reply = await self._outbound.request(
                method, url, allowed=self._allowed, timeout=REQUEST_SECONDS, max_bytes=1024 * 1024, **parts
            )
        except (aiohttp.ClientError, OSError, OutboundRefused) as error:
            # The cause is dropped on purpose: its text may quote the request, and the request holds tokens.
            raise Unavailable(f"Microsoft's sign-in service could not be reached ({type(error).__name__}).") from None
        if reply.status == 429:
            raise Throttled(
                "Microsoft's sign-in service asked us to wait.", seconds=_seconds(reply.headers.get("Retry-After"))
            )
        if reply.status >= 500:
            raise Unavailable("Microsoft's sign-in service is not working right now.", status=reply.status)
        try:
            text = reply.body.decode()
            readable = isinstance(json.loads(text), dict)
        except ValueError:
            readable, text = False, ""
        if not readable:
            raise Unavailable("Microsoft's sign-in service answered with nonsense.", status=reply.status)
        return Answer(reply.status, text)


def _seconds(retry_after: str | None) -> float:
    """Entra writes whole seconds only."""
    return min(float(retry_after), RETRY_AFTER_MOST) if retry_after and retry_after.isdecimal() else RETRY_AFTER_SECONDS
