"""What a bot should not even try in Teams: each attempt is noted, also where Teams refuses or repairs it.

https://learn.microsoft.com/microsoftteams/platform/bots/streaming-ux (streams); msteams-docs bots/how-to/rate-limit (edits).
"""

from datetime import datetime
from typing import Any

from infra.local import streaming
from infra.local.connector_errors import ConnectorError
from infra.local.connector_state import ConnectorState, Conversation, Message
from infra.local.streaming import Step, Stream

MIN_EDIT_GAP = 1.45
"""Seconds between two edits of one message: post and edit in a loop is throttled under 1.5, less what the network may squeeze."""
RULES = (
    ("exceeded streaming time", "a stream ends within two minutes"),
    ("already completed", "nothing follows the final message of a stream"),
    ("previously streamed", "streamed text only grows"),
    ("quota exceeded", "one streaming request a second"),
    ("size too large", "a message fits its limit"),
    ("not allowed", "one stream at a time, in a personal chat"),
)
STOP = "nothing follows a Stop"


def refused(
    state: ConnectorState, id: str, activity: dict[str, Any], found: Conversation, error: ConnectorError
) -> None:
    """Teams refused a step of a stream. The first one after a Stop is how a bot learns of it."""
    stream = _stream(found, activity)
    if "canceled" in error.message and stream is not None:
        if stream.told:
            state.broken.append(f"{id}: {STOP}")
        stream.told = True
        return
    rule = next((rule for words, rule in RULES if words in error.message), error.message)
    state.broken.append(f"{id}: {rule}")


def taken(state: ConnectorState, id: str, done: Step) -> None:
    if not done.shown:
        state.broken.append(f"{id}: steps come in sequence, and no status after text")


def edited(
    state: ConnectorState,
    found: Conversation,
    message: Message,
    activity: dict[str, Any],
    now: datetime,
    *,
    min_gap: float = MIN_EDIT_GAP,
) -> None:
    """Before an edit is shown. The same once more is a repetition after an answer that got lost."""
    stream = found.streams.get(message.id)
    if stream is not None and stream.state == "stopped":
        state.broken.append(f"{message.conversation_id}: {STOP}")
    if found.kind == "personal" or message.changed_at is None or activity == message.activity:
        return
    if (now - message.changed_at).total_seconds() < min_gap:
        state.broken.append(f"{message.conversation_id}: at least 1.5 seconds between two edits")


def _stream(found: Conversation, activity: dict[str, Any]) -> Stream | None:
    entity = streaming.info(activity) or {}
    return found.streams.get(str(entity.get("streamId")))
