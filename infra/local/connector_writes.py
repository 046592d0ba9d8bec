"""What a bot changes in Teams: messages sent, streamed, updated and deleted, conversations opened, reactions."""

import base64
import uuid
from typing import Any

from aiohttp import web

from infra.local import conduct, payload, streaming
from infra.local.connector_errors import REFUSALS, ConnectorError, bad_request, refusal
from infra.local.connector_gate import body, check_rates, place, validate
from infra.local.connector_state import (
    THREAD,
    Conversation,
    Message,
    StoredAttachment,
    connector_state,
    conversation,
    personal_chat,
    roster,
)
from infra.local.rates import SEND
from infra.local.world import World

CREATED, ACCEPTED = 201, 202
TEXT_HTML = "text/html"


async def send(world: World, request: web.Request) -> web.Response:
    """POST activities and activities/{id}."""
    found, id = place(world, request)
    activity = await body(request)
    validate(world, "Activity", activity)
    if streaming.info(activity) is not None:
        return _stream(world, found, id, activity)
    if activity.get("type") == "typing":
        found.typing.append(world.clock.now())
        return web.json_response({}, status=ACCEPTED)
    only_for = _target(world, found, activity) if _targeted(request) else ""
    if only_for and world.state.get("targeted_off"):
        raise refusal("NotEnoughPermissions")
    reply_to = request.match_info.get("activity") or str(activity.get("replyToId") or "")
    return web.json_response(_post(world, found, id, activity, reply_to, only_for), status=CREATED)


async def update(world: World, request: web.Request) -> dict[str, Any]:
    """PUT: the whole new message. It also completes a stream that ran out of time."""
    found, _ = place(world, request)
    message = _own(found, request)
    activity = await body(request)
    validate(world, "Activity", activity)
    if streaming.info(activity) is not None:
        raise bad_request("An update cannot carry streaminfo.", "BadRequest")
    if activity.get("type", "message") != "message":
        raise bad_request("Only messages can be updated.", "BadArgument")
    payload.check(activity)
    gap = 0.0 if world.state.get("rates_off") else conduct.MIN_EDIT_GAP
    conduct.edited(connector_state(world), found, message, activity, world.clock.now(), min_gap=gap)
    if message.streaming:
        found.streams[message.id].state = "final"
        message.streaming = False
    message.show(activity, world.clock.now())
    return {"id": message.id}


def delete(world: World, request: web.Request) -> None:
    found, _ = place(world, request)
    message = _own(found, request)
    message.deleted, message.changed_at = True, world.clock.now()


async def create(world: World, request: web.Request) -> web.Response:
    """POST conversations: a person's chat with the bot, or a new thread in a channel."""
    wanted = await body(request)
    validate(world, "ConversationParameters", wanted)
    tenant = wanted.get("tenantId") or wanted.get("tenantID") or _dig(wanted, "channelData", "tenant", "id")
    if tenant not in {None, world.company.tenant_id}:
        raise refusal("BotNotInConversationRoster")
    activity = wanted.get("activity")
    target = _dig(wanted, "channelData", "channel", "id") or _dig(wanted, "channelData", "teamsChannelId")
    id = str(target) if target else _personal(world, wanted)
    found = conversation(world, id)
    if found is None or THREAD in id:
        raise ConnectorError(404, "ConversationNotFound", "Conversation not found.")
    check_rates(world, {"conversation": id}, SEND)
    if code := connector_state(world).refusals.get(id):
        raise refusal(code)
    if target and not isinstance(activity, dict):
        raise bad_request("Incorrect conversation creation parameters: a new thread needs an activity.")
    answer = {"id": id, "serviceUrl": world.urls.service_url}
    if isinstance(activity, dict):
        posted = _post(world, found, id, activity, "", "")
        message = found.messages[-1]
        answer |= {"id": message.conversation_id, "activityId": posted.get("id", message.id)}
    return web.json_response(answer, status=CREATED)


def react(world: World, request: web.Request) -> None:
    found, _ = place(world, request)
    _existing(found, request).reactions.append(request.match_info["reaction"])


def unreact(world: World, request: web.Request) -> None:
    found, _ = place(world, request)
    reactions = _existing(found, request).reactions
    if request.match_info["reaction"] in reactions:
        reactions.remove(request.match_info["reaction"])


async def upload(world: World, request: web.Request) -> web.Response:
    place(world, request)
    wanted = await body(request)
    try:
        data = base64.b64decode(wanted["originalBase64"], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise bad_request("originalBase64 must be base64.") from error
    id = uuid.uuid4().hex
    connector_state(world).attachments[id] = StoredAttachment(str(wanted.get("name")), str(wanted.get("type")), data)
    return web.json_response({"id": id}, status=CREATED)


def stop_stream(world: World, conversation_id: str) -> bool:
    """The person presses Stop; False when nothing was streaming."""
    found = conversation(world, conversation_id)
    now = world.clock.now().timestamp()
    running = [s for s in found.streams.values() if streaming.is_open(s, now)] if found else []
    for stream in running:
        streaming.stop(stream)
    return bool(running)


def refuse(world: World, conversation_id: str, code: str = "") -> None:
    """Every later call about this conversation is refused with a code of `REFUSALS`; an empty code ends that."""
    if code and code not in REFUSALS:
        raise KeyError(code)
    connector_state(world).refusals[conversation_id] = code


def _post(
    world: World, found: Conversation, id: str, activity: dict[str, Any], reply_to: str, only_for: str
) -> dict[str, Any]:
    payload.check(activity)
    attachments = activity.get("attachments") or []
    if not activity.get("text") and not attachments and not activity.get("suggestedActions"):
        raise bad_request("A message needs text or attachments.", "BadSyntax")
    parts = [activity]
    if activity.get("text") and any(a.get("contentType") != TEXT_HTML for a in attachments if isinstance(a, dict)):
        # Teams shows text and card as two messages and then answers without an id (rate-limit page, note on splitting).
        parts = [{**activity, "attachments": []}, {**activity, "text": ""}]
    for part in parts:
        message_id = connector_state(world).new_id(world)
        thread = f"{id}{THREAD}{message_id}" if found.kind == "channel" and THREAD not in id else id
        found.add(Message(message_id, thread, "bot", world.clock.now(), part, reply_to=reply_to, only_for=only_for))
    return {"id": found.messages[-1].id} if len(parts) == 1 else {}


def _stream(world: World, found: Conversation, id: str, activity: dict[str, Any]) -> web.Response:
    state, now = connector_state(world), world.clock.now()
    if payload.size(activity) <= payload.MAX_BYTES:
        payload.check(activity)
    if id in state.no_streaming:
        raise ConnectorError(403, streaming.NOT_ALLOWED, "Content stream is not allowed")
    try:
        done = streaming.step(
            found.streams,
            activity,
            personal=found.kind == "personal",
            now=now.timestamp(),
            new_id=lambda: state.new_id(world),
            min_gap=0.0 if world.state.get("rates_off") else streaming.MIN_GAP,
        )
    except ConnectorError as error:
        conduct.refused(state, id, activity, found, error)
        raise
    conduct.taken(state, id, done)
    if done.status == CREATED:
        found.add(Message(done.stream.id, id, "bot", now, activity, streaming=True))
        return web.json_response({"id": done.stream.id}, status=CREATED)
    if not done.shown:
        late = {"code": "ContentStreamSequenceOrderPreConditionFailed", "message": "PreCondition failed exception."}
        return web.json_response({"error": late}, status=ACCEPTED)
    message = found.by_id[done.stream.id]
    message.show(activity, now)
    message.streaming = not done.final
    return web.json_response({}, status=ACCEPTED)


def _targeted(request: web.Request) -> bool:
    return request.query.get("isTargetedActivity") == "true"


def _existing(found: Conversation, request: web.Request) -> Message:
    message = found.by_id.get(request.match_info["activity"])
    if message is None or message.deleted or bool(message.only_for) != _targeted(request):
        raise ConnectorError(404, "ActivityNotFoundInConversation", "Activity not found in the conversation.")
    return message


def _own(found: Conversation, request: web.Request) -> Message:
    message = _existing(found, request)
    if message.author != "bot":
        raise refusal("NotEnoughPermissions")
    return message


def _target(world: World, found: Conversation, activity: dict[str, Any]) -> str:
    wanted = _dig(activity, "recipient", "id")
    person = next((p for p in roster(world, found) if wanted in {p.id, p.teams_id}), None)
    if found.kind == "personal" or person is None:
        raise bad_request("A targeted message goes to a member of a group chat or channel.", "BadArgument")
    return person.id


def _personal(world: World, wanted: dict[str, Any]) -> str:
    members = wanted.get("members")
    if wanted.get("isGroup") or not isinstance(members, list) or len(members) != 1:
        raise bad_request("Incorrect conversation creation parameters: exactly one member.")
    id = _dig(wanted, "members", 0, "id")
    person = next((p for p in world.company.people if id in {p.id, p.teams_id}), None)
    if person is None:
        raise bad_request("Bad format of conversation member id.", "BadArgument")
    return personal_chat(world, person)


def _dig(value: Any, *path: str | int) -> Any:
    for key in path:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int):
            value = value[key] if len(value) > key else None
        else:
            return None
    return value
