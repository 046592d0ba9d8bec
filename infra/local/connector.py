"""The Bot Connector on the wire: what a bot says to Teams, with Teams' limits and refusals."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from infra.local import connector_errors, connector_reads, connector_writes
from infra.local.connector_errors import ConnectorError
from infra.local.connector_gate import check_caller, check_rates
from infra.local.rates import READ, SEND, UNPAGED, Limits
from infra.local.wire import FAULT_REQUEST_KEY
from infra.local.world import Fault, World

Answer = web.Response | dict[str, Any] | list[Any] | None
Handler = Callable[[World, web.Request], Awaitable[Answer] | Answer]

BAD_GATEWAY = 502
CONVERSATION = "/v3/conversations/{conversation}"
ACTIVITY = CONVERSATION + "/activities/{activity}"
ROUTES: tuple[tuple[str, str, Handler, Limits], ...] = (
    ("POST", "/v3/conversations", connector_writes.create, ()),
    ("POST", CONVERSATION + "/activities", connector_writes.send, SEND),
    ("POST", ACTIVITY, connector_writes.send, SEND),
    ("PUT", ACTIVITY, connector_writes.update, SEND),
    ("DELETE", ACTIVITY, connector_writes.delete, SEND),
    ("PUT", ACTIVITY + "/reactions/{reaction}", connector_writes.react, SEND),
    ("DELETE", ACTIVITY + "/reactions/{reaction}", connector_writes.unreact, SEND),
    ("POST", CONVERSATION + "/attachments", connector_writes.upload, SEND),
    ("GET", CONVERSATION + "/members", connector_reads.members, UNPAGED),
    ("GET", CONVERSATION + "/pagedmembers", connector_reads.paged_members, READ),
    ("GET", CONVERSATION + "/members/{member}", connector_reads.member, READ),
    ("GET", ACTIVITY + "/members", connector_reads.members, READ),
    ("GET", "/v3/conversations", connector_reads.conversations, READ),
    ("GET", "/v3/teams/{team}", connector_reads.team, READ),
    ("GET", "/v3/teams/{team}/conversations", connector_reads.channels, READ),
    ("GET", "/v3/attachments/{attachment}", connector_reads.attachment, READ),
    ("GET", "/v3/attachments/{attachment}/views/{view}", connector_reads.attachment_view, READ),
)


def routes(world: World) -> list[web.RouteDef]:
    """Off switches for benchmarks: `world.state["rates_off"]`, `world.state["validation_off"]`.

    A fault of kind `cut` carries the request out and resets the connection before the answer, or answers 502 if that is its
    status: the ambiguous cases.
    """
    return [web.route(method, path, _served(world, handler, limits)) for method, path, handler, limits in ROUTES]


def _served(world: World, handler: Handler, limits: Limits) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        fault: Fault | None = request.get(FAULT_REQUEST_KEY)
        try:
            if fault is not None and fault.kind != "cut":
                raise connector_errors.by_status(fault.status, fault.headers)
            check_caller(world, request.headers.get("Authorization", ""))
            check_rates(world, request.match_info, limits)
            outcome = handler(world, request)
            answer = await outcome if isinstance(outcome, Awaitable) else outcome
        except ConnectorError as error:
            return connector_errors.response(error)
        if fault is not None and fault.status == BAD_GATEWAY:
            return connector_errors.response(connector_errors.by_status(fault.status, fault.headers))
        if fault is not None and request.transport is not None:
            request.transport.abort()
        if isinstance(answer, web.Response):
            return answer
        return web.Response(status=200) if answer is None else web.json_response(answer)

    return serve
