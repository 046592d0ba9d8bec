"""The gate before anything else: nothing that is not a well-formed activity for us gets any further.

Answers: 400 not an activity, 403 not for us, 413 too large, 415 not JSON in UTF-8. Never 5xx.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from bot.teams.hosts import service_base

MAX_BODY = 256 * 1024
"""Bytes. Teams caps a message at about 100 KB in UTF-16 (format-your-bot-messages); a card's submitted data rides on top."""
MAX_TEXT = 100_000
MAX_DEPTH = 64
_MAX_ID = 1024
_MAX_KEY = 512
"""Characters of the two ids a delivery is known by. Teams' own take under 200; any database can index these."""
_MAX_NAME = 4096
_MAX_LIST = 1000
_MAX_DIGITS = 32

Activity = dict[str, Any]

NEEDS_ID = frozenset({"message", "messageUpdate", "messageDelete", "messageReaction", "installationUpdate"})


class Refused(Exception):
    """The request is answered with `status` and this sentence, which never repeats what was sent."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Gate:
    tenant: str
    """The only tenant served; empty serves any (MultiTenant, or a local run without an app id)."""
    service_hosts: frozenset[str]

    def admit(self, content_type: str, encoding: str, raw: bytes) -> Activity:
        """The parsed activity. Raises `Refused`."""
        _require_json(content_type, encoding)
        activity = parse(raw)
        check(activity)
        self._require_tenant(activity)
        if service_base(activity["serviceUrl"], self.service_hosts) is None:
            raise Refused(403, "The serviceUrl is not one of the hosts this bot talks to.")
        return activity

    def _require_tenant(self, activity: Activity) -> None:
        named = tenants(activity)
        if self.tenant and (not named or any(name.lower() != self.tenant.lower() for name in named)):
            raise Refused(403, "This bot does not serve that tenant.")


def tenants(activity: Activity) -> list[str]:
    """Every tenant id the activity names, in Teams' spelling and in botbuilder's."""
    conversation, data = activity["conversation"], activity.get("channelData") or {}
    tenant = data.get("tenant")
    found = [conversation.get("tenantId"), conversation.get("tenantID")]
    found.append(tenant.get("id") if isinstance(tenant, dict) else None)
    return [name for name in found if name is not None]


def _require_json(content_type: str, encoding: str) -> None:
    kind, _, parameters = content_type.partition(";")
    if kind.strip().lower() != "application/json":
        raise Refused(415, "The content type must be application/json.")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            raise Refused(415, "The charset must be UTF-8.")
    if encoding.strip().lower() not in {"", "identity"}:
        raise Refused(415, "Compressed bodies are not accepted.")


def parse(raw: bytes) -> Activity:
    """One JSON object within bounds. Raises `Refused`."""
    if len(raw) > MAX_BODY:
        raise Refused(413, "The body is too large.")
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Refused(400, "The body is not well-formed JSON.") from error
    if not isinstance(value, dict):
        raise Refused(400, "The body must be a JSON object.")
    # Each of these is necessary for what the walk looks for, so ordinary messages never pay for the walk.
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH or b"\\u0000" in raw or b"\\ud" in raw or b"\\uD" in raw:
        _walk(value)
    return value


def _walk(root: Activity) -> None:
    waiting: list[tuple[Any, int]] = [(root, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise Refused(400, "The body is nested too deeply.")
        if isinstance(value, dict):
            waiting.extend((part, depth + 1) for pair in value.items() for part in pair)
        elif isinstance(value, list):
            waiting.extend((part, depth + 1) for part in value)
        elif isinstance(value, str) and ("\0" in value or not _encodable(value)):
            raise Refused(400, "The body holds characters that are not text.")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _constant(_: str) -> NoReturn:
    raise ValueError("not a JSON number")


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError("number too long")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits) if len(digits) <= _MAX_DIGITS * 2 else math.inf
    if not math.isfinite(value):
        raise ValueError("number out of range")
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_constant, parse_int=_integer, parse_float=_number
)


def check(activity: Activity) -> None:
    """Required fields and types, after the activity protocol's schema. Raises `Refused`."""
    _text(activity, "type", _MAX_ID, required=True)
    _text(activity, "id", _MAX_KEY, required=activity["type"] in NEEDS_ID)
    _text(activity, "channelId", _MAX_ID, required=True)
    _text(activity, "serviceUrl", _MAX_ID, required=True)
    _account(activity, "from")
    _account(activity, "recipient")
    conversation = _object(activity, "conversation", required=True)
    _text(conversation, "id", _MAX_KEY, required=True)
    _texts(conversation, ("conversationType", "tenantId", "tenantID", "name"))
    _flags(conversation, ("isGroup",))
    _texts(activity, ("locale", "replyToId", "name", "action", "textFormat", "localTimezone"))
    if activity.get("text") is not None:
        _text(activity, "text", MAX_TEXT)
    for field in ("timestamp", "localTimestamp"):
        _moment(activity, field)
    data = _object(activity, "channelData")
    tenant = _object(data, "tenant")
    _text(tenant, "id", _MAX_ID)
    for field in ("team", "channel"):
        _text(_object(data, field), "id", _MAX_ID)
    _lists(activity)


def _lists(activity: Activity) -> None:
    for entity in _objects(activity, "entities"):
        _text(entity, "type", _MAX_ID, required=True)
    for attachment in _objects(activity, "attachments"):
        _text(attachment, "contentType", _MAX_ID, required=True)
        _texts(attachment, ("name",))
    for field in ("membersAdded", "membersRemoved"):
        for member in _objects(activity, field):
            _text(member, "id", _MAX_ID, required=True)
    for field in ("reactionsAdded", "reactionsRemoved"):
        for reaction in _objects(activity, field):
            _text(reaction, "type", _MAX_ID, required=True)


def _account(activity: Activity, field: str) -> None:
    account = _object(activity, field, required=True)
    _text(account, "id", _MAX_ID, required=True)
    _texts(account, ("name", "aadObjectId", "role"))
    _flags(account, ("isTargeted",))


def _bad(field: str, rule: str) -> Refused:
    return Refused(400, f"The activity's {field} {rule}.")


def _text(holder: dict[str, Any], field: str, limit: int, *, required: bool = False) -> None:
    value = holder.get(field)
    if value is None:
        if required:
            raise _bad(field, "is missing")
        return
    if not isinstance(value, str) or len(value) > limit or (required and not value.strip()):
        raise _bad(field, f"must be text of at most {limit} characters")
    if limit == _MAX_KEY and not value.isascii():
        raise _bad(field, "must be ASCII")
    if limit <= _MAX_ID and not value.isprintable():
        raise _bad(field, "holds control characters")


def _texts(holder: dict[str, Any], fields: Iterable[str]) -> None:
    for field in fields:
        if holder.get(field) is not None:
            _text(holder, field, _MAX_NAME)


def _flags(holder: dict[str, Any], fields: Iterable[str]) -> None:
    for field in fields:
        if not isinstance(holder.get(field), bool | None):
            raise _bad(field, "must be true or false")


def _object(holder: dict[str, Any], field: str, *, required: bool = False) -> dict[str, Any]:
    value = holder.get(field)
    if isinstance(value, dict):
        return value
    if value is None and not required:
        return {}
    raise _bad(field, "must be an object")


def _objects(holder: dict[str, Any], field: str) -> list[dict[str, Any]]:
    value = holder.get(field)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > _MAX_LIST or not all(isinstance(entry, dict) for entry in value):
        raise _bad(field, f"must be a list of at most {_MAX_LIST} objects")
    return value


def _moment(holder: dict[str, Any], field: str) -> None:
    value = holder.get(field)
    if value is None:
        return
    try:
        if not isinstance(value, str) or "T" not in value:
            raise ValueError("not a time")
        datetime.fromisoformat(value)
    except ValueError as error:
        raise _bad(field, "must be an ISO 8601 time") from error
