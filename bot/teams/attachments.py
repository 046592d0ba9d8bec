"""Fetches what Teams keeps for us, pasted images: with the bot's token, so to exact service hosts only and never past a redirect."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from bot.outbound import Allowed, AnswerTooLarge, Outbound, OutboundRefused, Reply
from bot.teams.calls import Tokens
from bot.teams.hosts import service_base
from graph.errors import Forbidden, ForeignLink, NotFound, Unavailable, Unreadable
from graph.extract.reasons import TOO_LARGE

SECONDS = 20.0
# Connector API, "Attachments": GET /v3/attachments/{id}/views/{view}; Teams puts a region before it.
_PATH = re.compile(
    r"(?:/[A-Za-z0-9._~%-]+){0,3}/v3/attachments/[A-Za-z0-9._~%-]{1,512}/views/[A-Za-z0-9]{1,32}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Attachments:
    """`hosts` are SERVICE_URL_HOSTS."""

    outbound: Outbound
    tokens: Tokens
    hosts: frozenset[str]

    async def fetch(self, url: str, max_bytes: int) -> bytes:
        """Raises `graph.errors`: ForeignLink, NotFound, Forbidden, Unavailable, Unreadable (too large)."""
        base = service_base(url, self.hosts)
        if base is None or not _PATH.fullmatch(urlsplit(base).path):
            raise ForeignLink("An attachment's address is not one of the service's own.")
        reply, token = await self._get(base, max_bytes)
        if reply.status == 401:
            self.tokens.reject(token)
            reply, _ = await self._get(base, max_bytes)
        if reply.status in {404, 410}:
            raise NotFound("The attachment is gone.", status=reply.status)
        if reply.status in {401, 403}:
            raise Forbidden("The attachment was refused.", status=reply.status)
        if reply.status != 200:
            raise Unavailable("An attachment could not be fetched.", status=reply.status)
        return reply.body

    async def _get(self, url: str, max_bytes: int) -> tuple[Reply, str]:
        token = await self.tokens.connector_token()
        parts = urlsplit(url)
        allowed = Allowed.of("attachments", [f"{parts.scheme}://{parts.netloc}"])
        headers = {"Authorization": f"Bearer {token}"}
        try:
            reply = await self.outbound.request(
                "GET", url, allowed=allowed, headers=headers, timeout=SECONDS, max_bytes=max_bytes
            )
        except AnswerTooLarge as error:
            raise Unreadable(TOO_LARGE) from error
        except OutboundRefused as error:
            raise ForeignLink("An attachment's address was refused.") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable("An attachment could not be fetched.") from error
        return reply, token
