"""Our side of the Bot Connector: the one place where the bot's token meets an address, and where it is decided what may be sent again.

botbuilder's own client rebuilds a quadratic retry table for every message, drops entities and never retries (facts/security.md 1.2, 1.4).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.outbound import Allowed, Outbound
from bot.teams.calls import ATTEMPTS, Call, Tokens, Wires
from bot.teams.errors import Busy, ForeignHost, NotAllowed, Unreachable
from bot.teams.hosts import service_base
from bot.teams.pacing import READ, SEND, TENANT, Line, Pacer, Windows

GCC_URL = "https://smba.infra.gcc.teams.microsoft.com/teams"
"""Where conversations of the US government community cloud live ("Error and status codes" for Teams bots: InvalidBotApiHost)."""
_PAGE = 500
_MAX_PAGES = 50
_SOON = 0.5
"""Seconds a passing update may wait for its turn in the rate limits; later ones would be old when they come."""

Announce = Callable[[], Awaitable[None]]
"""Makes durable that something is about to be sent."""


@dataclass(frozen=True, slots=True)
class Created:
    conversation_id: str
    activity_id: str


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
        gcc_url: str = GCC_URL,
    ) -> None:
        self._gcc_url = gcc_url
        self._wires = Wires(outbound, tokens, Allowed.of("the Bot Connector", map(_origin, hosts)), sleep)
        self._hosts = hosts
        self._sends = Pacer.of(SEND, now, sleep)
        self._reads = Pacer.of(READ, now, sleep)
        self._tenant: Pacer | Line | None = Pacer.of(tenant_windows, now, sleep) if tenant_windows else None
        self._line = Line(self._tenant) if isinstance(self._tenant, Pacer) else None

    def patient(self) -> "Connector":
        """The same, for what can wait: its calls let those of others go first."""
        other = copy(self)
        other._tenant = self._line  # noqa: SLF001 -- a copy of our own
        return other

    def among(self, replicas: int) -> None:
        """How many processes share the tenant's limit for what can wait."""
        if self._line is not None:
            self._line.among(replicas)

    async def send(
        self,
        service_url: str,
        conversation_id: str,
        activity: Mapping[str, Any],
        *,
        targeted: bool = False,
        announce: Announce | None = None,
        passing: bool = False,
    ) -> str:
        """The new message's id; empty when the service gives none (stream updates). Raises `Ambiguous` when it may have been posted.

        `announce` is awaited when the pacing lets the call leave and not before: what dies while it waits was surely never sent.
        `passing`: what the next message makes good is neither queued nor sent again; `Busy` says when to come back.
        """
        path = f"conversations/{_quoted(conversation_id)}/activities{_targeted(targeted)}"
        pace = (self._sends, conversation_id)
        return _id(await self._call("POST", service_url, path, activity, pace, announce, passing=passing))

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
        passing: bool = False,
    ) -> None:
        path = f"conversations/{_quoted(conversation_id)}/activities/{_quoted(activity_id)}{_targeted(targeted)}"
        await self._call("PUT", service_url, path, activity, (self._sends, conversation_id), passing=passing)

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

    async def team(self, service_url: str, team_id: str) -> dict[str, Any]:
        """A team by Teams' own id (`channelData.team.id`); `aadGroupId` is what Graph knows it by."""
        return await self._call("GET", service_url, f"teams/{_quoted(team_id)}", None, (self._reads, team_id))

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
        *,
        passing: bool = False,
    ) -> dict[str, Any]:
        base = service_base(service_url, self._hosts)
        if base is None:
            raise ForeignHost("The conversation's service address is not one of SERVICE_URL_HOSTS.")
        data = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        await self._turn_in_line(*pace, passing=passing)
        if announce is not None:
            await announce()
        attempts = 1 if passing else ATTEMPTS
        try:
            return await Call(self._wires, method, f"{base}/v3/{path}", data, attempts).run()
        except NotAllowed as error:
            elsewhere = service_base(self._gcc_url, self._hosts)
            if error.code != "InvalidBotApiHost" or elsewhere in {None, base}:
                raise
        return await Call(self._wires, method, f"{elsewhere}/v3/{path}", data, attempts).run()

    async def _turn_in_line(self, pacer: Pacer, key: str, *, passing: bool) -> None:
        for each, name in ((pacer, key), (self._tenant, "")):
            if each is None:
                continue
            if not passing:
                await each.wait(name)
            elif (seconds := each.delay(name)) > _SOON:
                raise Busy("Our own pacing has no room for a passing update.", seconds=seconds)
            else:
                await each.wait(name)


def _origin(host: str) -> str:
    """Plain http is for a listed loopback host with a port; `service_base` decides, this only names the origin."""
    return host if ":" in host else f"https://{host}"


def _quoted(id: str) -> str:
    return quote(id, safe="")


def _targeted(targeted: bool) -> str:
    return "?isTargetedActivity=true" if targeted else ""


def _id(answer: dict[str, Any]) -> str:
    id = answer.get("id")
    return id if isinstance(id, str) else ""
