"""How Teams delivers: every activity signed as the Bot Framework does, to one address or to many, as often as its retries do."""

import asyncio
import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import aiohttp

from infra.local.teams_seen import channel_token
from infra.local.world import World


class Refused(Exception):
    """The bot did not take an activity: (status, body)."""


class Delivery:
    """`bot_url` is the bot's origin or its whole messages address. As a context manager it keeps its connections open."""

    def __init__(self, world: World, bot_url: str) -> None:
        self.world = world
        self.url = bot_url if bot_url.endswith("/api/messages") else f"{bot_url.rstrip('/')}/api/messages"
        self._session: aiohttp.ClientSession | None = None
        self._token = ("", "", 0.0)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def deliver(
        self, activity: dict[str, Any], times: int = 1, urls: Sequence[str] | None = None
    ) -> list[tuple[int, Any]]:
        """Delivers one activity `times` times to each address at once, as Teams' retries do. Raises Refused."""
        targets = [url for url in (urls or [self.url]) for _ in range(times)]
        answers = await asyncio.gather(*(self.post(activity, url=url) for url in targets))
        for status, body in answers:
            if not 200 <= status < 300:
                raise Refused(status, body)
        return list(answers)

    async def post(
        self, activity: dict[str, Any], *, url: str | None = None, token: str | None = None
    ) -> tuple[int, Any]:
        """(status, parsed body). `token` replaces the right one; an empty one sends no Authorization header."""
        bearer = self._bearer(str(activity.get("serviceUrl"))) if token is None else token
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "x-ms-conversation-id": str(activity.get("conversation", {}).get("id", "")),
            "x-ms-tenant-id": self.world.company.tenant_id,
        } | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        data = json.dumps(activity, ensure_ascii=False).encode()
        if self._session is not None:
            return await self._send(self._session, url or self.url, data, headers)
        async with aiohttp.ClientSession() as session:
            return await self._send(session, url or self.url, data, headers)

    def _bearer(self, service_url: str) -> str:
        token, about, expires = self._token
        kid = self.world.bot_keys[-1].kid
        now = self.world.clock.now().timestamp()
        if about != f"{kid} {service_url}" or expires < now:
            token = channel_token(self.world, service_url)
            self._token = (token, f"{kid} {service_url}", now + 1800)
        return token

    async def _send(
        self, session: aiohttp.ClientSession, url: str, data: bytes, headers: dict[str, str]
    ) -> tuple[int, Any]:
        async with session.post(url, data=data, headers=headers) as response:
            text = await response.text()
            try:
                return response.status, json.loads(text) if text else None
            except ValueError:
                return response.status, text
