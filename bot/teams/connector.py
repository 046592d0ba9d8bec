"""Our side of the Bot Connector: the one place where the bot's token meets an address, and where it is decided what may be sent again.

botbuilder's own client rebuilds a quadratic retry table for every message, drops entities and never retries (facts/security.md 1.2, 1.4).
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp

from bot.outbound import Allowed, Outbound, OutboundRefused, Reply
from bot.teams.errors import Ambiguous, Busy, ConnectorError, ForeignHost, Unreachable, classified
from bot.teams.hosts import service_base
from bot.teams.pacing import READ, SEND, TENANT, Pacer, Windows
from graph.errors import GraphError

ATTEMPTS = 5
PATIENCE = 60.0
"""Seconds we wait for a throttled or broken service before giving up."""
TIMEOUT = 20.0
_PAGE = 500
_MAX_PAGES = 50
_UNSENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_BROKEN = (aiohttp.ClientError, OSError)
_UNCERTAIN = frozenset({408, 500, 502, 503, 504})

Announce = Callable[[], Awaitable[None]]
"""Makes durable that something is about to be sent."""


class Tokens(Protocol):
    """The bot's own token for the Bot Connector. Both raise `graph.errors`."""

    async def connector_token(self) -> str: ...

    def reject(self, token: str) -> None:
        """The connector refused this one: the next call gets another."""
        ...


@dataclass(frozen=True, slots=True)
class Created:
    conversation_id: str
    activity_id: str


@dataclass(frozen=True, slots=True)
class _Wires:
    outbound: Outbound
    tokens: Tokens
    allowed: Allowed
    sleep: Callable[[float], Awaitable[None]]


class Connector:
    """One a process. `hosts` are SERVICE_URL_HOSTS; `tenant_windows` is empty where no such limit holds. All errors: bot.teams.errors."""

    def __init__(
        self,
        outbound: Outbound,
        tokens: Tokens,
        hosts: frozenset[str],
        *,
        tenant_windows: Windows = TENANT,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._wires = _Wires(outbound, tokens, Allowed.of("the Bot Connector", map(_origin, hosts)), sleep)
        self._hosts = hosts
        self._sends = Pacer.of(SEND, now, sleep)
        self._reads = Pacer.of(READ, now, sleep)
        self._tenant = Pacer.of(tenant_windows, now, sleep) if tenant_windows else None

    async def send(
        self,
        service_url: str,
        conversation_id: str,
        activity: Mapping[str, Any],
        *,
        targeted: bool = False,
        announce: Announce | None = None,
    ) -> str:
        """The new message's id; empty when the service gives none (stream updates). Raises `Ambiguous` when it may have been posted.

        `announce` is awaited when the pacing lets the call leave and not before: what dies while it waits was surely never sent.
        """
        path = f"conversations/{_quoted(conversation_id)}/activities{_targeted(targeted)}"
        return _id(await self._call("POST", service_url, path, activity, (self._sends, conversation_id), announce))

    async def reply(self, service_url: str, conversation_id: str, activity_id: str, activity: Mapping[str, Any]) -> str:
        path = f"conversations/{_quoted(conversation_id)}/activities/{_quoted(activity_id)}"
        return _id(await self._call("POST", service_url, path, activity, (self._sends, conversation_id)))

    async def update(
        self,
        service_url: str,
        conversation_id: str,
        activity_id: str,
        activity: Mapping[str, Any],
        *,
        targeted: bool = False,
    ) -> None:
        path = f"conversations/{_quoted(conversation_id)}/activities/{_quoted(activity_id)}{_targeted(targeted)}"
        await self._call("PUT", service_url, path, activity, (self._sends, conversation_id))

    async def delete(self, service_url: str, conversation_id: str, activity_id: str, *, targeted: bool = False) -> None:
        path = f"conversations/{_quoted(conversation_id)}/activities/{_quoted(activity_id)}{_targeted(targeted)}"
        await self._call("DELETE", service_url, path, None, (self._sends, conversation_id))

    async def create(self, service_url: str, parameters: Mapping[str, Any]) -> Created:
        """A personal chat, or a new thread in a channel. Raises `Ambiguous` like `send`."""
        members = parameters.get("members") or [{}]
        channel = (parameters.get("channelData") or {}).get("channel") or {}
        key = str(channel.get("id") or members[0].get("id") or "")
        answer = await self._call("POST", service_url, "conversations", parameters, (self._sends, key))
        return Created(_id(answer), str(answer.get("activityId") or ""))

    async def members(self, service_url: str, conversation_id: str) -> list[dict[str, Any]]:
        """Everybody in a conversation (for a channel without `;messageid=`), page by page."""
        found: list[dict[str, Any]] = []
        token = ""
        for _ in range(_MAX_PAGES):
            path = f"conversations/{_quoted(conversation_id)}/pagedmembers?pageSize={_PAGE}"
            path += f"&continuationToken={_quoted(token)}" if token else ""
            page = await self._call("GET", service_url, path, None, (self._reads, conversation_id))
            found += [member for member in page.get("members") or [] if isinstance(member, dict)]
            token = page.get("continuationToken") or ""
            if not isinstance(token, str) or not token:
                return found
        raise Unreachable("The conversation has more members than can be read.")

    async def _call(
        self,
        method: str,
        service_url: str,
        path: str,
        body: Mapping[str, Any] | None,
        pace: tuple[Pacer, str],
        announce: Announce | None = None,
    ) -> dict[str, Any]:
        base = service_base(service_url, self._hosts)
        if base is None:
            raise ForeignHost("The conversation's service address is not one of SERVICE_URL_HOSTS.")
        data = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        call = _Call(self._wires, method, f"{base}/v3/{path}", data)
        pacer, key = pace
        await pacer.wait(key)
        if self._tenant is not None:
            await self._tenant.wait("")
        if announce is not None:
            await announce()
        return await call.run()


class _Call:
    """One request with its second chances: what surely was not accepted is sent again, what may have been only if that is harmless."""

    def __init__(self, wires: _Wires, method: str, url: str, data: bytes | None) -> None:
        self._wires = wires
        self._method = method
        self._url = url
        self._data = data
        self._waited = 0.0

    async def run(self) -> dict[str, Any]:
        for attempt in range(ATTEMPTS):
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
            self._wires.tokens.reject(token)
            reply, _ = await self._send()
        return reply

    async def _send(self) -> tuple[Reply, str]:
        token = await self._wires.tokens.connector_token()
        headers = {"Authorization": f"Bearer {token}"}
        if self._data is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        wires = self._wires
        reply = await wires.outbound.request(
            self._method, self._url, allowed=wires.allowed, headers=headers, data=self._data, timeout=TIMEOUT
        )
        return reply, token

    async def _refused(self, attempt: int, reply: Reply) -> None:
        code, message = _error(reply)
        if reply.status == 429:
            seconds = _retry_after(reply)
            error: ConnectorError = Busy("The Bot Connector asks us to slow down.", seconds=seconds or 1.0, code=code)
            await self._pause(attempt, seconds, error, None)
        elif reply.status == 412:
            await self._pause(attempt, None, classified(412, code, message), None)
        elif reply.status in _UNCERTAIN:
            await self._pause(attempt, _retry_after(reply), self._uncertain("answered", reply.status), None)
        else:
            raise classified(reply.status, code, message)

    def _uncertain(self, what: str, status: int) -> ConnectorError:
        said = f"The Bot Connector {what} {status or ''}".rstrip() + "."
        return (Ambiguous if self._method == "POST" else Unreachable)(said, status=status)

    async def _pause(
        self, attempt: int, seconds: float | None, error: ConnectorError, cause: BaseException | None
    ) -> None:
        """Waits before the next attempt, or raises `error` when there is none."""
        delay = 0.25 * 2**attempt * (0.5 + random.random()) if seconds is None else seconds  # noqa: S311 -- jitter
        self._waited += delay
        if isinstance(error, Ambiguous) or attempt + 1 >= ATTEMPTS or self._waited > PATIENCE:
            raise error from cause
        await self._wires.sleep(delay)


def _origin(host: str) -> str:
    """Plain http is for a listed loopback host with a port; `service_base` decides, this only names the origin."""
    return host if ":" in host else f"https://{host}"


def _quoted(id: str) -> str:
    return quote(id, safe="")


def _targeted(targeted: bool) -> str:
    return "?isTargetedActivity=true" if targeted else ""


def _object(reply: Reply) -> dict[str, Any]:
    try:
        value = reply.json() if reply.body else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _id(answer: dict[str, Any]) -> str:
    id = answer.get("id")
    return id if isinstance(id, str) else ""


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
