"""From a request, or a part of a batch, to its answer: identity, address, permission, throttling, handler."""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

from infra.local.entra_state import EntraState
from infra.local.graph import addresses, paths
from infra.local.graph.call import Answer, Call, Refused
from infra.local.graph.errors import GENERAL, Service, refusal
from infra.local.graph.routing import Table, permit
from infra.local.graph.state import GraphState, graph_state
from infra.local.graph.table import TABLE
from infra.local.tokens import Caller, InvalidToken, verify
from infra.local.world import Fault, World

OUTLOOK_AREAS = {
    "messages",
    "mailFolders",
    "sendMail",
    "calendarView",
    "events",
    "calendar",
    "calendars",
    "people",
    "todo",
}


def authenticate(world: World, headers: Mapping[str, str]) -> Caller:
    """Raises `Refused` (401), with a claims challenge where Entra revoked the person's tokens."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused(401, "InvalidAuthenticationToken", "Access token is empty.", _challenge(world))
    try:
        caller = verify(world, token.strip())
    except InvalidToken as error:
        raise Refused(401, "InvalidAuthenticationToken", str(error), _challenge(world)) from error
    state = world.state.get("entra")
    revoked = state.revoked.get(caller.person_id) if isinstance(state, EntraState) else None
    if revoked is not None and caller.issued < revoked.timestamp():
        raise claims_challenge(world)
    return caller


def claims_challenge(world: World) -> Refused:
    """Continuous access evaluation's 401 (learn.microsoft.com: claims challenges)."""
    claims = {"access_token": {"nbf": {"essential": True, "value": str(int(world.clock.now().timestamp()))}}}
    encoded = base64.b64encode(json.dumps(claims).encode()).decode()
    challenge = _challenge(world)["WWW-Authenticate"]
    return Refused(
        401,
        "InvalidAuthenticationToken",
        "Continuous access evaluation resulted in challenge with result: InteractionRequired "
        "and code: TokenIssuedBeforeRevocationTimestamp",
        {"WWW-Authenticate": f'{challenge}, error="insufficient_claims", claims="{encoded}"'},
    )


def _challenge(world: World) -> dict[str, str]:
    authority = f"{world.urls.login or 'https://login.microsoftonline.com'}/common/oauth2/v2.0/authorize"
    return {"WWW-Authenticate": f'Bearer realm="", authorization_uri="{authority}", client_id="{world.app_id}"'}


def fault_refusal(world: World, fault: Fault, segments: list[str]) -> Refused:
    """What an injected fault without a body of its own says, in the words of the service it hits."""
    if fault.kind == "claims":
        return claims_challenge(world)
    status = 401 if fault.kind == "expired_grant" else fault.status
    refused = refusal(status, service_of(segments), headers=fault.headers)
    if status not in GENERAL:
        refused.code = "UnknownError"
    return refused


def service_of(segments: list[str]) -> Service:
    names = {segment.lower() for segment in segments}
    if names & {"teams", "chats", "joinedteams", "channels", "onlinemeetings"}:
        return "teams"
    if names & {"drive", "drives", "sites", "shares", "items"}:
        return "files"
    if names & {area.lower() for area in OUTLOOK_AREAS}:
        return "outlook"
    return "search" if "search" in names else "directory"


def make_call(
    world: World,
    caller: Caller,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: Any,
    *,
    base: tuple[str, str],
) -> Call:
    """`target` is path and query below the version; `base` is (origin, version)."""
    parsed = paths.parse(target)
    return Call(
        world=world,
        state=graph_state(world),
        caller=caller,
        method=method,
        segments=parsed.segments,
        query=parsed.query,
        headers=dict(headers),
        body=body,
        origin=base[0],
        version=base[1],
        target=target,
        arguments=parsed.arguments,
    )


async def perform(call: Call, table: Table = TABLE) -> Answer:
    """Raises `Refused`."""
    addresses.resolve(call)
    route, names = table.find(call.method, call.segments)
    permit(call, route)
    if route.service != "outlook":
        await asyncio.sleep(call.state.latency)
        return route.handler(call, **names)
    mailbox = call.user.id if call.user else call.caller.person_id
    enter(call.state, mailbox)
    try:
        await asyncio.sleep(call.state.latency)
        return route.handler(call, **names)
    finally:
        call.state.busy[mailbox] -= 1


def enter(state: GraphState, mailbox: str) -> None:
    if state.busy.get(mailbox, 0) >= state.concurrency:
        raise refusal(429, "outlook", headers={"Retry-After": "1"})
    state.busy[mailbox] = state.busy.get(mailbox, 0) + 1
