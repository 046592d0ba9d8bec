"""`POST /api/messages`: gate, token, then either the durable inbox or an invoke's answer. The hot path builds no SDK model."""

import asyncio
import hashlib
import ipaddress
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from bot.teams.adapter import Adapter
from bot.teams.schema import MAX_BODY, Activity, Gate, Refused
from bot.teams.verifier import Verifier

PATH = "/api/messages"
BODY_SECONDS = 10.0
"""Time a client has to send its body."""

ADMITTED = frozenset(
    {"message", "messageUpdate", "messageDelete", "messageReaction", "installationUpdate", "conversationUpdate"}
)
"""Kinds that go to the inbox unless told otherwise. All else that is well-formed (typing, traces) is acknowledged and dropped."""

Admit = Callable[[str, str, Activity], Awaitable[None]]
"""(conversation id, activity id, activity): returns once it is durable, also for a duplicate."""

log = logging.getLogger(__name__)


class Endpoint:
    """`unavailable` are the errors by which `admit` says that the store is down: 503, the only 5xx there is.

    `verifier` is None only in a local run without an app id; `local` accepts requests without a token from this machine itself.
    """

    def __init__(
        self,
        *,
        gate: Gate,
        verifier: Verifier | None,
        admit: Admit,
        adapter: Adapter,
        local: bool = False,
        kinds: frozenset[str] = ADMITTED,
        unavailable: tuple[type[Exception], ...] = (OSError,),
    ) -> None:
        if verifier is None and not local:
            raise ValueError("Without an app id nobody can be verified: only local mode may run so.")
        self._gate = gate
        self._verifier = verifier
        self._admit = admit
        self._adapter = adapter
        self._local = local
        self._kinds = kinds
        self._unavailable = unavailable

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self.messages)]

    async def messages(self, request: web.Request) -> web.Response:
        try:
            activity = self._gate.admit(
                request.headers.get("Content-Type", ""),
                request.headers.get("Content-Encoding", ""),
                await _body(request),
            )
            claims = await self._authenticate(request, activity)
            if activity["type"] == "invoke":
                return _answer(*await self._adapter.invoke(activity, claims))
            if activity["type"] in self._kinds:
                await self._admit(activity["conversation"]["id"], _id(activity), activity)
        except Refused as refused:
            log.info("Refused a request: %s %s", refused.status, refused)
            return _answer(refused.status, {"error": {"code": _CODES[refused.status], "message": str(refused)}})
        except self._unavailable as error:
            log.error("An activity could not be stored: %s", type(error).__name__)  # noqa: TRY400 -- a traceback may hold content
            return _answer(503, {"error": {"code": "ServiceUnavailable", "message": "Please deliver this again."}})
        return web.Response(status=202)

    async def _authenticate(self, request: web.Request, activity: Activity) -> Mapping[str, Any]:
        headers = request.headers.getall("Authorization", [])
        if not headers and self._local and _from_this_machine(request):
            return {}
        if len(headers) != 1 or self._verifier is None:
            raise Refused(401, "A bearer token is needed.")
        return await self._verifier.verify(headers[0], activity["serviceUrl"], activity["channelId"])


_CODES = {
    400: "BadArgument",
    401: "Unauthorized",
    403: "Forbidden",
    413: "PayloadTooLarge",
    415: "UnsupportedMediaType",
}


def _id(activity: Activity) -> str:
    """What a second delivery of the same activity has in common with the first.

    An edit or deletion carries the id of the message it changes, and membership events may carry none: their time tells them apart,
    or, should there be none, their content.
    """
    id, kind = activity.get("id") or "", activity["type"]
    if id and kind not in {"messageUpdate", "messageDelete"}:
        return str(id)
    return f"{kind}:{id}:{activity.get('timestamp') or _digest(activity)}"


def _digest(activity: Activity) -> str:
    written = json.dumps(activity, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(written).hexdigest()[:32]


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > MAX_BODY:
        raise Refused(413, "The body is too large.")
    try:
        if request.content.is_eof():  # it came together with the headers, as nearly every message does
            raw = request.content.read_nowait()
        else:
            raw = await _rest(request)
    except (TimeoutError, web.RequestPayloadError, ConnectionError) as error:
        raise Refused(400, "The body did not arrive.") from error
    if len(raw) > MAX_BODY:
        raise Refused(413, "The body is too large.")
    return raw


async def _rest(request: web.Request) -> bytes:
    parts = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        # Counted while it arrives: a chunked body announces no length.
        async for chunk in request.content.iter_any():
            parts += chunk
            if len(parts) > MAX_BODY:
                break
    return bytes(parts)


def _from_this_machine(request: web.Request) -> bool:
    """Neither through a proxy that runs here nor from a page in somebody's browser."""
    if request.headers.keys() & {"Origin", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"}:
        return False
    try:
        address = ipaddress.ip_address((request.remote or "").partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _answer(status: int, body: Any) -> web.Response:
    if body is None:
        return web.Response(status=status)
    return web.Response(status=status, text=json.dumps(body, ensure_ascii=False), content_type="application/json")
