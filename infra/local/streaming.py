"""The rules of streamed messages in Teams as one pure state machine, so that a property test can walk through it.

https://learn.microsoft.com/microsoftteams/platform/bots/streaming-ux (limits, order and error messages).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from infra.local.connector_errors import ConnectorError, bad_request
from infra.local.payload import MAX_BYTES, entities, size

NOT_ALLOWED = "ContentStreamNotAllowed"
MAX_SECONDS = 120.0
MIN_GAP = 0.95
"""Seconds between two requests of one stream: one a second, less what the network may squeeze."""
MAX_INFORMATIVE = 1000

State = Literal["open", "final", "stopped"]


@dataclass(slots=True)
class Stream:
    """One streamed message in one chat. Times are seconds."""

    id: str
    started: float
    last: float
    sequence: int = 1
    text: str = ""
    """What was streamed so far, without informative updates."""
    state: State = "open"
    told: bool = False
    """The bot was told that the person pressed Stop."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a request did."""

    status: Literal[201, 202]
    stream: Stream
    shown: bool
    """False: the chunk came out of order or too late and changed nothing."""
    final: bool = False


def info(activity: dict[str, Any]) -> dict[str, Any] | None:
    """The streaminfo entity. Raises ConnectorError when there are two."""
    found = [entity for entity in entities(activity) if entity.get("type") == "streaminfo"]
    if len(found) > 1:
        raise bad_request("Only one streaminfo entity is allowed", "BadRequest")
    return found[0] if found else None


def step(
    streams: dict[str, Stream],
    activity: dict[str, Any],
    *,
    personal: bool,
    now: float,
    new_id: Callable[[], str],
    min_gap: float = MIN_GAP,
) -> Step:
    """Applies one request to the streams of a chat (by id). Raises ConnectorError with the documented code and message."""
    entity = info(activity)
    if entity is None or not personal:
        raise ConnectorError(403, NOT_ALLOWED, "Content stream is not allowed")
    if entity.get("streamType") not in {"informative", "streaming", "final"}:
        raise bad_request("streamType must be informative, streaming or final", "BadRequest")
    if size(activity) > MAX_BYTES:
        raise ConnectorError(403, NOT_ALLOWED, "Message size too large")
    stream_id = entity.get("streamId")
    if stream_id is None:
        _may_start(streams, activity, entity, now)
        _not_too_fast(streams, now, min_gap)
        return _start(streams, activity, entity, now, new_id())
    stream = streams.get(str(stream_id))
    if stream is None:
        raise bad_request("The streamId is unknown in this conversation", "BadRequest")
    _still_open(stream, now)
    _not_too_fast(streams, now, min_gap)
    return (
        _finish(stream, activity, entity, now)
        if entity["streamType"] == "final"
        else _next(stream, activity, entity, now)
    )


def stop(stream: Stream) -> None:
    """The person pressed Stop."""
    if stream.state == "open":
        stream.state = "stopped"


def is_open(stream: Stream, now: float) -> bool:
    return stream.state == "open" and now - stream.started <= MAX_SECONDS


def _may_start(streams: dict[str, Stream], activity: dict[str, Any], entity: dict[str, Any], now: float) -> None:
    _chunk_text(activity, entity)
    if entity["streamType"] == "final" or entity.get("streamSequence") != 1:
        raise bad_request("A stream starts with streamSequence 1 and without a final", "BadRequest")
    if any(is_open(stream, now) for stream in streams.values()):
        raise ConnectorError(403, NOT_ALLOWED, "Content stream is not allowed")


def _start(streams: dict[str, Stream], activity: dict[str, Any], entity: dict[str, Any], now: float, id: str) -> Step:
    streams[id] = Stream(id, now, now, text=activity["text"] if entity["streamType"] == "streaming" else "")
    return Step(201, streams[id], shown=True)


def _next(stream: Stream, activity: dict[str, Any], entity: dict[str, Any], now: float) -> Step:
    text = _chunk_text(activity, entity)
    sequence = entity.get("streamSequence")
    if not isinstance(sequence, int) or isinstance(sequence, bool):
        raise bad_request("streamSequence must be a number", "BadRequest")
    stream.last = now
    if sequence <= stream.sequence:
        return Step(202, stream, shown=False)
    if entity["streamType"] == "informative":
        stream.sequence = sequence
        return Step(202, stream, shown=not stream.text)
    if not text.startswith(stream.text):
        raise ConnectorError(
            403, NOT_ALLOWED, "Request streamed content should contain the previously streamed content"
        )
    stream.sequence, stream.text = sequence, text
    return Step(202, stream, shown=True)


def _finish(stream: Stream, activity: dict[str, Any], entity: dict[str, Any], now: float) -> Step:
    if activity.get("type") != "message" or "streamSequence" in entity:
        raise bad_request("The final of a stream is a message without streamSequence", "BadRequest")
    if not activity.get("text") and not activity.get("attachments"):
        raise bad_request("The final of a stream should include text", "BadRequest")
    stream.last, stream.state = now, "final"
    return Step(202, stream, shown=True, final=True)


def _chunk_text(activity: dict[str, Any], entity: dict[str, Any]) -> str:
    text = activity.get("text")
    if activity.get("type") != "typing":
        raise bad_request("Streaming activities before the final are of type typing", "BadRequest")
    if not isinstance(text, str) or not text.strip():
        raise bad_request("Start streaming activities should include text", "BadRequest")
    if entity["streamType"] == "informative" and len(text) > MAX_INFORMATIVE:
        raise bad_request("Informative text is longer than 1000 characters", "BadRequest")
    if activity.get("attachments"):
        raise bad_request("Attachments are allowed in the final of a stream only", "BadRequest")
    return text


def _still_open(stream: Stream, now: float) -> None:
    if stream.state == "stopped":
        raise ConnectorError(403, NOT_ALLOWED, "Content stream was canceled by user")
    if stream.state == "final":
        raise ConnectorError(403, NOT_ALLOWED, "Content stream is not allowed on an already completed streamed message")
    if now - stream.started > MAX_SECONDS:
        raise ConnectorError(403, NOT_ALLOWED, "Content stream finished due to exceeded streaming time.")


def _not_too_fast(streams: dict[str, Stream], now: float, min_gap: float) -> None:
    last = max((stream.last for stream in streams.values()), default=float("-inf"))
    if now - last < min_gap:
        raise ConnectorError(429, "Throttled", "API calls quota exceeded", headers={"Retry-After": "1"})
