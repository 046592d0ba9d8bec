"""What a bot may ask Teams about: who is in a conversation, the team, its channels, attachments."""

import base64
from typing import Any

from aiohttp import web

from infra.local.company import access
from infra.local.company.model import Person, Team
from infra.local.connector_errors import ConnectorError, bad_request
from infra.local.connector_gate import place
from infra.local.connector_state import StoredAttachment, connector_state, roster
from infra.local.world import World

MAX_PAGE = 500


def members(world: World, request: web.Request) -> list[dict[str, Any]]:
    found, _ = place(world, request)
    return [_member(world, person, "objectId") for person in roster(world, found)]


def member(world: World, request: web.Request) -> dict[str, Any]:
    found, _ = place(world, request)
    wanted = request.match_info["member"]
    person = next((p for p in roster(world, found) if wanted in {p.teams_id, p.id}), None)
    if person is None:
        raise ConnectorError(404, "MemberNotFoundInConversation", "Member not found in the conversation roster.")
    return _member(world, person, "objectId")


def paged_members(world: World, request: web.Request) -> dict[str, Any]:
    found, _ = place(world, request)
    try:
        size = min(int(request.query.get("pageSize") or 200), MAX_PAGE)
        token = request.query.get("continuationToken")
        start = int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError as error:
        raise bad_request("pageSize or continuationToken is not valid.", "BadArgument") from error
    if size < 1 or start < 0:
        raise bad_request("pageSize or continuationToken is not valid.", "BadArgument")
    everybody = roster(world, found)
    answer: dict[str, Any] = {
        "members": [_member(world, person, "aadObjectId") for person in everybody[start : start + size]]
    }
    if start + size < len(everybody):
        answer["continuationToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return answer


def conversations(_world: World, _request: web.Request) -> dict[str, Any]:
    """Teams lists none to a bot."""
    return {"conversations": []}


def team(world: World, request: web.Request) -> dict[str, Any]:
    found = _team(world, request)
    return {
        "id": found.id,
        "name": found.name,
        "aadGroupId": found.group_id,
        "channelCount": len(_channels(world, found)),
        "memberCount": len(access.members_of(world.company, found)),
    }


def channels(world: World, request: web.Request) -> dict[str, Any]:
    """The General channel has no name here."""
    found = _team(world, request)
    listed = [
        {"id": channel.id, "type": channel.kind} | ({} if channel.id == found.id else {"name": channel.name})
        for channel in _channels(world, found)
    ]
    return {"conversations": listed}


def attachment(world: World, request: web.Request) -> dict[str, Any]:
    found = _attachment(world, request)
    view = {"viewId": "original", "size": len(found.data)}
    return {"name": found.name, "type": found.content_type, "views": [view]}


def attachment_view(world: World, request: web.Request) -> web.Response:
    found = _attachment(world, request)
    if request.match_info["view"] != "original":
        raise ConnectorError(404, "NotFound", "View not found.")
    return web.Response(body=found.data, headers={"Content-Type": found.content_type})


def _member(world: World, person: Person, object_id: str) -> dict[str, Any]:
    return {
        "id": person.teams_id,
        object_id: person.id,
        "name": person.name,
        "givenName": person.given_name,
        "surname": person.surname,
        "email": person.mail,
        "userPrincipalName": person.mail,
        "tenantId": world.company.tenant_id,
        "userRole": "guest" if person.is_guest else "user",
    }


def _team(world: World, request: web.Request) -> Team:
    found = next((t for t in world.company.teams if t.id == request.match_info["team"]), None)
    if found is None:
        raise ConnectorError(404, "ConversationNotFound", "Conversation not found.")
    return found


def _channels(world: World, found: Team) -> list[Any]:
    """Without private channels, which the bot of a team does not see."""
    return [c for c in world.company.channels if c.team_id == found.id and c.kind != "private"]


def _attachment(world: World, request: web.Request) -> StoredAttachment:
    found = connector_state(world).attachments.get(request.match_info["attachment"])
    if found is None:
        raise ConnectorError(404, "NotFound", "Attachment not found.")
    return found
