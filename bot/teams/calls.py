"""One request to the Bot Connector with its second chances.

What surely was not accepted is sent again; what may have been accepted only where that is harmless.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from bot.outbound import Allowed, Outbound, OutboundRefused, Reply
from bot.teams.errors import Ambiguous, Busy, ConnectorError, ForeignHost, Unreachable, classified
from graph.errors import GraphError

ATTEMPTS = 5
PATIENCE = 60.0
"""Seconds we wait for a throttled or broken service before giving up."""
TIMEOUT = 20.0
_UNSENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_BROKEN = (aiohttp.ClientError, OSError)
_UNCERTAIN = frozenset({408, 500, 502, 503, 504})
_LATER = 503
"""With a Retry-After it says itself that nothing was done."""


class Tokens(Protocol):
    """The bot's own token for the Bot Connector. Both raise `graph.errors`."""

    async def connector_token(self) -> str: ...

    def reject(self, token: str) -> None:
        """The connector refused this one: the next call gets another."""
        ...


@dataclass(frozen=True, slots=True)
class Wires:
    outbound: Outbound
    tokens: Tokens
    allowed: Allowed
    sleep: Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class Call:
    """`attempts` is 1 for what the next message makes good anyway (a step of a stream, typing): it must not hold up the rest."""

    wires: Wires
    method: str
    url: str
    data: bytes | None
    attempts: int = ATTEMPTS
    _waited: float = 0.0

    async def run(self) -> dict[str, Any]:
        """The answer's object. Raises `bot.teams.errors`."""
        for attempt in range(self.attempts):
            try:
                reply = await self._once()
            except GraphError as error:
                raise Unreachable("There is no token for the Bot Connector.") from error
            except OutboundRefused as error:
                raise ForeignHost(str(error)) from error
            except _UNSENT as error:
                await self._pause(attempt, None, Unreachable("The Bot Connector cannot be reached."), error)
            except _BROKEN as error:
                # The body may have arrived before the connection broke.
                await self._pause(attempt, None, self._uncertain("broke the connection", 0), error)
            else:
                if reply.status < 300:
                    return _object(reply)
                await self._refused(attempt, reply)
        raise Unreachable("The Bot Connector kept failing.")

    async def _once(self) -> Reply:
        reply, token = await self._send()
        if reply.status == 401:
            self.wires.tokens.reject(token)
            reply, _ = await self._send()
        return reply

    async def _send(self) -> tuple[Reply, str]:
        wires = self.wires
        token = await wires.tokens.connector_token()
        headers = {"Authorization": f"Bearer {token}"}
        if self.data is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        reply = await wires.outbound.request(
            self.method, self.url, allowed=wires.allowed, headers=headers, data=self.data, timeout=TIMEOUT
        )
        return reply, token

    async def _refused(self, attempt: int, reply: Reply) -> None:
        code, message = _error(reply)
        seconds = _retry_after(reply)
        if reply.status == 429 or (reply.status == _LATER and seconds is not None):
            error: ConnectorError = Busy(
                "The Bot Connector asks us to slow down.", seconds=seconds or 1.0, status=reply.status, code=code
            )
            await self._pause(attempt, seconds, error, None)
        elif reply.status == 412:
            await self._pause(attempt, None, classified(412, code, message), None)
        elif reply.status in _UNCERTAIN:
            await self._pause(attempt, seconds, self._uncertain("answered", reply.status), None)
        else:
            raise classified(reply.status, code, message)

    def _uncertain(self, what: str, status: int) -> ConnectorError:
        said = f"The Bot Connector {what} {status or ''}".rstrip() + "."
        return (Ambiguous if self.method == "POST" else Unreachable)(said, status=status)

    async def _pause(
        self, attempt: int, seconds: float | None, error: ConnectorError, cause: BaseException | None
    ) -> None:
        """Waits before the next attempt, or raises `error` when there is none."""
        delay = 0.25 * 2**attempt * (0.5 + random.random()) if seconds is None else seconds  # noqa: S311 -- jitter
        self._waited += delay
        if isinstance(error, Ambiguous) or attempt + 1 >= self.attempts or self._waited > PATIENCE:
            raise error from cause
        await self.wires.sleep(delay)


def _object(reply: Reply) -> dict[str, Any]:
    try:
        value = reply.json() if reply.body else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _error(reply: Reply) -> tuple[str, str]:
    error = _object(reply).get("error")
    if not isinstance(error, dict):
        return "", ""
    inner = error.get("innerHttpError") or {}
    code, message = error.get("code"), error.get("message")
    sub = error.get("subCode") or (inner.get("code") if isinstance(inner, dict) else None)
    chosen = sub if sub == "MessageWritesBlocked" else code
    return (chosen if isinstance(chosen, str) else "", message if isinstance(message, str) else "")


def _retry_after(reply: Reply) -> float | None:
    """Seconds; Teams writes no dates here."""
    try:
        return max(0.0, float(reply.headers.get("Retry-After", "")))
    except ValueError:
        return None
