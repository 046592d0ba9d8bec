"""What every call of a bot must pass before the Bot Connector looks at it: the app's token, the refusals set by a test, the rates."""

import json
from collections.abc import Mapping
from typing import Any

import jwt
from aiohttp import web

from infra.local import swagger, tokens
from infra.local.connector_errors import ConnectorError, bad_request, refusal
from infra.local.connector_state import Conversation, connector_state, conversation, split
from infra.local.payload import complaints
from infra.local.rates import APP, Limits
from infra.local.world import World

AUDIENCE = "https://api.botframework.com"
UNAUTHORIZED = "Authorization has been denied for this request."


def check_caller(world: World, header: str) -> None:
    """Only the bot's own app may call: audience, signature, expiry and app id. Raises ConnectorError 401."""
    scheme, _, token = header.partition(" ")
    state = connector_state(world)
    if scheme.casefold() != "bearer" or not token:
        raise ConnectorError(401, "Unauthorized", UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
    if state.tokens.get(token, 0) > world.clock.now().timestamp():
        return
    try:
        tokens.verify(world, token, {AUDIENCE})
    except tokens.InvalidToken as error:
        raise ConnectorError(401, "Unauthorized", UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"}) from error
    claims = jwt.decode(token, options={"verify_signature": False})
    if world.app_id not in {claims.get("appid"), claims.get("azp")}:
        raise refusal("BotNotRegistered")
    state.tokens[token] = int(claims["exp"])


def check_rates(world: World, names: Mapping[str, str], limits: Limits) -> None:
    """Raises ConnectorError 429 with Retry-After."""
    if world.state.get("rates_off"):
        return
    state = connector_state(world)
    wanted = [("app", APP)]
    if limits:
        operation = "members" if limits[0][0] == 60 else str(limits[0][1])
        wanted.append((f"{operation}:{names.get('conversation') or names.get('team') or ''}", limits))
    wait = state.windows.take(world.clock.now().timestamp(), *wanted)
    if wait:
        state.throttled += 1
        message = "API calls quota exceeded! Maximum admitted per time window."
        raise ConnectorError(429, "Throttled", message, headers={"Retry-After": str(wait)})


def place(world: World, request: web.Request) -> tuple[Conversation, str]:
    """(conversation, its id as the caller wrote it). Raises ConnectorError when it is unknown or refused."""
    id = request.match_info["conversation"]
    found = conversation(world, id)
    if found is None:
        raise ConnectorError(404, "ConversationNotFound", "Conversation not found.")
    code = connector_state(world).refusals.get(id) or connector_state(world).refusals.get(split(id)[0])
    if code:
        raise refusal(code)
    return found, id


async def body(request: web.Request) -> dict[str, Any]:
    """The request's JSON object. Raises ConnectorError."""
    try:
        parsed = json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise bad_request("Failed to parse the request body.") from error
    if not isinstance(parsed, dict):
        raise bad_request("The request body must be an object.")
    return parsed


def validate(world: World, definition: str, value: dict[str, Any]) -> None:
    """Records what differs from Microsoft's description; refuses nothing."""
    if world.state.get("validation_off"):
        return
    activity = value if definition == "Activity" else value.get("activity")
    found = swagger.faults(definition, value) + (complaints(activity) if isinstance(activity, dict) else [])
    connector_state(world).violations.extend(found)
