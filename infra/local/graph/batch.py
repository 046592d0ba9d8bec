"""JSON batching: up to 20 requests in one, each with its own status (concepts/json-batching)."""

import asyncio
import base64
import uuid
from collections.abc import Mapping
from typing import Any

from infra.local.graph import errors
from infra.local.graph.call import Answer, Refused
from infra.local.graph.dispatch import fault_refusal, make_call, perform
from infra.local.graph.errors import bad_request
from infra.local.graph.state import OUTLOOK_CONCURRENCY, graph_state
from infra.local.tokens import Caller
from infra.local.world import World

MAX_REQUESTS = 20
METHODS = {"GET", "POST", "PATCH", "PUT", "DELETE"}
Part = dict[str, Any]


async def run_batch(
    world: World, caller: Caller, body: Any, headers: Mapping[str, str], base: tuple[str, str]
) -> Answer:
    """Raises `Refused` (400) for a batch that is malformed as a whole."""
    parts = _checked(body)
    done: dict[str, Part] = {}
    # The service itself runs at most as many parts of a batch at once as one mailbox bears.
    gate = asyncio.Semaphore(OUTLOOK_CONCURRENCY)
    finished = {part["id"]: asyncio.Event() for part in parts}

    async def run(part: Part) -> None:
        for name in part.get("dependsOn") or []:
            await finished[name].wait()
        failed = [name for name in part.get("dependsOn") or [] if done[name]["status"] >= 400]
        async with gate:
            answer = Answer(_error(world, 424), 424) if failed else await _part(world, caller, part, headers, base)
        done[part["id"]] = _rendered(part["id"], answer)
        finished[part["id"]].set()

    await asyncio.gather(*map(run, parts))
    answers = list(done.values())
    graph_state(world).dice.shuffle(answers)
    return Answer({"responses": answers})


def _checked(body: Any) -> list[Part]:
    parts = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not parts:
        raise bad_request("Invalid batch payload format.")
    if len(parts) > MAX_REQUESTS:
        raise Refused(400, "BadRequest", f"Number of batch request steps exceeds the maximum value of {MAX_REQUESTS}.")
    earlier: set[str] = set()
    for part in parts:
        if not isinstance(part, dict) or not isinstance(part.get("id"), str) or not isinstance(part.get("url"), str):
            raise bad_request("Invalid batch payload format.")
        if part["id"] in earlier:
            raise bad_request("Request ids in a batch must be unique.")
        if str(part.get("method", "")).upper() not in METHODS:
            raise bad_request(f"Invalid HTTP method in batch request '{part['id']}'.")
        if part.get("body") is not None and "content-type" not in {name.lower() for name in part.get("headers") or {}}:
            raise bad_request(f"Write request id : {part['id']} does not contain Content-Type header or body.")
        # A dependency must stand before what depends on it, so cycles cannot be written.
        depends = part.get("dependsOn") or []
        if not isinstance(depends, list) or any(name not in earlier for name in map(str, depends)):
            raise bad_request(f"Invalid dependency in batch request '{part['id']}'.")
        earlier.add(part["id"])
    return parts


async def _part(world: World, caller: Caller, part: Part, outer: Mapping[str, str], base: tuple[str, str]) -> Answer:
    method, url = str(part["method"]).upper(), str(part["url"])
    if "://" in url:
        return Answer(_error(world, 400, "Invalid request URL: it must be relative."), 400)
    target = "/" + url.lstrip("/")
    own = {str(name).lower(): str(value) for name, value in (part.get("headers") or {}).items()}
    headers = {**{name: outer[name] for name in ("client-request-id",) if name in outer}, **own}
    segments = [segment for segment in target.partition("?")[0].split("/") if segment]
    fault = world.take_fault("graph", method, f"/{base[1]}{target.partition('?')[0]}")
    try:
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault is not None and fault.kind == "status" and fault.body is not None:
            return Answer(fault.body, fault.status, dict(fault.headers))
        elif fault is not None and fault.kind in {"status", "claims", "expired_grant"}:
            raise fault_refusal(world, fault, segments)
        call = make_call(world, caller, method, target, headers, _content(part.get("body")), base=base)
        return await perform(call)
    except Refused as refused:
        request_id = str(uuid.uuid4())
        body = errors.body(
            refused.code, refused.message, world.clock.now(), request_id, outer.get("client-request-id", "")
        )
        return Answer(body, refused.status, refused.headers)


def _content(body: Any) -> Any:
    """A body of another type than JSON comes as base64 text."""
    if not isinstance(body, str):
        return body
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        return body.encode()


def _rendered(part_id: str, answer: Answer) -> Part:
    headers = dict(answer.headers)
    part: Part = {"id": part_id, "status": answer.status, "headers": headers}
    if isinstance(answer.body, bytes):
        headers.setdefault("Content-Type", "application/octet-stream")
        part["body"] = base64.b64encode(answer.body).decode()
    elif answer.body is not None:
        headers["Content-Type"] = "application/json"
        part["body"] = answer.body
    return part


def _error(world: World, status: int, message: str = "") -> dict[str, Any]:
    code, text = errors.GENERAL[status]
    return errors.body(code, message or text, world.clock.now(), str(uuid.uuid4()), "")
