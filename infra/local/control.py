"""The tenant's own interface, as JSON, for tests and tools in other processes and other languages."""

import dataclasses
import fnmatch
import json
from collections.abc import Awaitable, Callable
from typing import Any, get_args

from aiohttp import web

from infra.local import botframework, entra_state
from infra.local.connector_state import Message, connector_state, conversation
from infra.local.connector_writes import refuse
from infra.local.teams import Refused, SeenMessage, TeamsClient
from infra.local.world import Fault, Recorded, Wire, World

Handler = Callable[[World, dict[str, Any]], Awaitable[Any] | Any]
MAX_WAIT = 300.0


def routes(world: World) -> list[web.RouteDef]:
    """Every POST takes and gives an object. Answers 400 or 404 with `{"error": sentence}`."""
    posts: dict[str, Handler] = {
        "/faults": _add_faults,
        "/clock": _advance,
        "/say": _say,
        "/consent": _consent,
        "/interaction": _interaction,
        "/revoke": _revoke,
        "/refuse": _refuse,
        "/stop": _stop,
        "/roll": _roll,
        "/switch": _switch,
    }
    gets: dict[str, Handler] = {
        "/record": _record,
        "/faults": lambda world, _: [dataclasses.asdict(fault) for fault in world.faults if fault.times > 0],
        "/people": _people,
        "/conversations": _conversations,
        "/conversations/{id}": _conversation,
        "/connector": _connector,
    }
    deletes: dict[str, Handler] = {
        "/record": lambda world, _: world.record.clear(),
        "/faults": lambda world, _: world.faults.clear(),
    }
    tables = {"POST": posts, "GET": gets, "DELETE": deletes}
    return [web.route(m, path, _served(world, h)) for m, table in tables.items() for path, h in table.items()]


def _served(world: World, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        try:
            wanted = json.loads(await request.read() or b"{}")
            if not isinstance(wanted, dict):
                raise TypeError("The body must be a JSON object.")
            outcome = handler(world, {**request.query, **wanted, **request.match_info})
            answer = await outcome if isinstance(outcome, Awaitable) else outcome
        except KeyError as error:
            return web.json_response({"error": f"There is no {error.args[0]!r}, or it is missing."}, status=404)
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        except Refused as error:
            status, body = error.args
            return web.json_response(
                {"error": "The bot refused the activity.", "status": status, "body": body}, status=502
            )
        return web.json_response({} if answer is None else answer)

    return serve


def _record(world: World, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """`?wire=graph&match=GET */messages*`: both may be left out."""
    match = str(wanted.get("match", "*"))
    return [
        _recorded(entry)
        for entry in world.record
        if wanted.get("wire", entry.wire) == entry.wire and fnmatch.fnmatchcase(f"{entry.method} {entry.path}", match)
    ]


def _recorded(entry: Recorded) -> dict[str, Any]:
    return dataclasses.asdict(entry) | {"at": entry.at.isoformat()}


def _add_faults(world: World, wanted: dict[str, Any]) -> dict[str, Any]:
    """One fault, or several under `faults`; fields as in `world.Fault`."""
    described = wanted.get("faults", [wanted])
    faults = [Fault(**fault) for fault in described]
    for fault in faults:
        if fault.wire not in get_args(Wire):
            raise ValueError(f"There is no wire named {fault.wire}.")
    world.faults.extend(faults)
    return {"pending": sum(fault.times for fault in world.faults)}


def _advance(world: World, wanted: dict[str, Any]) -> dict[str, Any]:
    world.clock.advance(float(wanted["advance"]))
    return {"now": world.clock.now().isoformat()}


async def _say(world: World, wanted: dict[str, Any]) -> dict[str, Any]:
    """{"person", "text", "chat"?, "thread"?, "mention"?, "bot"?, "timeout"?}: with a timeout it waits for the answer."""
    url = wanted.get("bot") or world.state.get("bot_url")
    if not url:
        raise ValueError("Say where the bot is: `bot` in the request, or --bot at the start.")
    teams = TeamsClient(world, str(url))
    activity = await teams.say(
        wanted["person"],
        wanted["text"],
        wanted.get("chat", "personal"),
        mention=bool(wanted.get("mention", True)),
        thread=wanted.get("thread"),
    )
    if "timeout" not in wanted:
        return {"activity": activity}
    try:
        answer = await teams.answer_to(activity, min(float(wanted["timeout"]), MAX_WAIT))
    except TimeoutError:
        return {"activity": activity, "answer": None}
    return {"activity": activity, "answer": _answer(answer)}


def _answer(answer: SeenMessage) -> dict[str, Any]:
    return {
        "id": answer.id,
        "conversation": answer.conversation_id,
        "text": answer.text,
        "ai_label": answer.ai_label,
        "citations": answer.citations,
        "attachments": answer.attachments,
        "updates": list(answer.updates),
    }


def _consent(world: World, wanted: dict[str, Any]) -> dict[str, Any]:
    """{"person", "scopes": [...]}: exactly these from now on; null for everything."""
    person = world.person(wanted["person"])
    consents = entra_state.entra_state(world).consents
    if wanted["scopes"] is None:
        consents.pop(person.id, None)
    else:
        consents[person.id] = {str(scope) for scope in wanted["scopes"]}
    return {"person": person.id}


def _interaction(world: World, wanted: dict[str, Any]) -> None:
    person = world.person(wanted["person"])
    people = entra_state.entra_state(world).interaction
    if wanted.get("required", True):
        people.add(person.id)
    else:
        people.discard(person.id)


def _revoke(world: World, wanted: dict[str, Any]) -> None:
    person = world.person(wanted["person"])
    entra_state.revoke(world, person.id, end_session=bool(wanted.get("end_session")))


def _refuse(world: World, wanted: dict[str, Any]) -> None:
    """{"conversation", "code"}: an empty code lifts it."""
    refuse(world, wanted["conversation"], wanted["code"])


def _stop(world: World, wanted: dict[str, Any]) -> dict[str, Any]:
    return {"stopped": TeamsClient(world, "").stop(wanted["person"])}


def _roll(world: World, wanted: dict[str, Any]) -> dict[str, Any]:
    return {"kid": botframework.roll(world, keep_old=bool(wanted.get("keep_old", True))).kid}


def _switch(world: World, wanted: dict[str, Any]) -> dict[str, Any]:
    """{"rates_off": bool, "validation_off": bool, "record_off": bool, "bot_url": url}"""
    known = {"rates_off", "validation_off", "record_off", "bot_url"}
    if unknown := set(wanted) - known:
        raise ValueError(f"There is no switch named {', '.join(sorted(unknown))}.")
    world.state |= wanted
    return {name: world.state.get(name) for name in sorted(known)}


def _people(world: World, _wanted: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"id": p.id, "name": p.name, "mail": p.mail, "teams_id": p.teams_id, "department": p.department}
        for p in world.company.people
    ]


def _conversations(world: World, _wanted: dict[str, Any]) -> list[dict[str, Any]]:
    known = connector_state(world).conversations.values()
    return [{"id": found.id, "kind": found.kind, "messages": len(found.messages)} for found in known]


def _conversation(world: World, wanted: dict[str, Any]) -> dict[str, Any]:
    found = conversation(world, wanted["id"])
    if found is None:
        raise KeyError(wanted["id"])
    return {"id": wanted["id"], "kind": found.kind, "messages": [_message(m) for m in found.thread(wanted["id"])]}


def _message(message: Message) -> dict[str, Any]:
    return dataclasses.asdict(message) | {
        "at": message.at.isoformat(),
        "changed_at": message.changed_at.isoformat() if message.changed_at else None,
    }


def _connector(world: World, _wanted: dict[str, Any]) -> dict[str, Any]:
    state = connector_state(world)
    return {
        "violations": state.violations,
        "broken": state.broken,
        "throttled": state.throttled,
        "refusals": state.refusals,
    }
