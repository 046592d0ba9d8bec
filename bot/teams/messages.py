"""`Outgoing` -> the activities that carry it. Pure: dicts in the form of the wire, so that no entity is lost on the way."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.context import Citation, Outgoing, Place, Reference
from bot.teams.entities import ai_message
from bot.teams.gate import plain, render

MAX_BYTES = 80_000
"""UTF-16 bytes of one activity. Teams refuses about 100 KB with 413 and advises to stay under 80 (format-your-bot-messages)."""
MAX_ACTIONS = 3
"""Suggested actions that Teams shows."""
_MARKER = re.compile(r"\[(\d{1,3})\]")
_BORDERS = ("\n\n", "\n", ". ", " ")

Wire = dict[str, Any]


def activities(message: Outgoing, reference: Reference, suggestions: Iterable[str] = ()) -> list[Wire]:
    """One activity, or several when the text is too long for one: in the order to send them."""
    body = body_of(message)
    whole = _activity(message, reference, body, message.citations, suggestions)
    if size(whole) <= MAX_BYTES:
        return [whole]
    empty = _activity(message, reference, "", message.citations, suggestions)
    parts = split(body, max(MAX_BYTES - size(empty), MAX_BYTES // 4))
    last = len(parts) - 1
    return [
        _activity(
            message if number == last else Outgoing(part, ai=message.ai),
            reference,
            part,
            _cited(message.citations, part),
            suggestions if number == last else (),
        )
        for number, part in enumerate(parts)
    ]


def body_of(message: Outgoing) -> str:
    """The text as it is shown: gated when a model wrote it, then what goes apart from the answer, then who answered."""
    links = frozenset(citation.link for citation in message.citations if citation.link)
    text = render(message.text, links) if message.ai else message.text
    notices = [f"*{plain(notice)}*" for notice in message.notices]
    badge = [f"*Answered by {plain(message.model)}*"] if message.model else []
    return "\n\n".join(part for part in [text, *notices, *badge] if part)


def _activity(
    message: Outgoing, reference: Reference, text: str, citations: tuple[Citation, ...], suggestions: Iterable[str]
) -> Wire:
    activity: Wire = {
        "type": "message",
        "textFormat": "markdown",
        "text": text,
        "from": {"id": reference.bot_id},
        "conversation": {"id": reference.id},
    }
    if reference.place is Place.PERSONAL and reference.person.channel_id:
        activity["recipient"] = {"id": reference.person.channel_id}
    if message.ai:
        activity["entities"] = [ai_message(citations)]
        # Only `feedbackLoop`: together with the older `feedbackLoopEnabled` Teams refuses the message.
        activity["channelData"] = {"feedbackLoop": {"type": "default"}}
    if message.card is not None:
        activity["attachments"] = [dict(message.card)]
    actions = [{"type": "imBack", "title": said, "value": said} for said in suggestions][:MAX_ACTIONS]
    if actions and message.card is None:
        activity["suggestedActions"] = {"actions": actions}
    return activity


def _cited(citations: tuple[Citation, ...], text: str) -> tuple[Citation, ...]:
    named = {int(number) for number in _MARKER.findall(text)}
    return tuple(citation for citation in citations if citation.position in named)


def streamed(text: str, reference: Reference, stream: Mapping[str, Any]) -> Wire:
    """A step of a stream: a typing activity with the whole text so far."""
    return {
        "type": "typing",
        "text": text,
        "from": {"id": reference.bot_id},
        "conversation": {"id": reference.id},
        "entities": [{"type": "streaminfo", **stream}],
    }


def typing(reference: Reference) -> Wire:
    return {"type": "typing", "from": {"id": reference.bot_id}, "conversation": {"id": reference.id}}


def size(activity: Mapping[str, Any]) -> int:
    """Bytes as Teams counts them: the whole payload in UTF-16."""
    wire = json.dumps(activity, ensure_ascii=False, separators=(",", ":"))
    return len(wire.encode("utf-16-le", "surrogatepass"))


def split(text: str, limit: int) -> list[str]:
    """Parts that take at most `limit` UTF-16 bytes inside JSON each; joined they are exactly `text`. Cut at paragraphs where possible."""
    parts: list[str] = []
    rest = text
    while _width(rest) > limit:
        cut = _longest(rest, limit)
        for border in _BORDERS:
            at = rest.rfind(border, cut // 3, cut)
            if at >= 0:
                cut = at + len(border)
                break
        parts.append(rest[:cut])
        rest = rest[cut:]
    return [*parts, rest] if rest or not parts else parts


def _width(text: str) -> int:
    return size({"": text}) - size({"": ""})


def _longest(text: str, limit: int) -> int:
    """How many characters fit; at least one, so that splitting ends."""
    low, high = 1, min(len(text), max(limit // 2, 1))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _width(text[:middle]) <= limit else (low, middle - 1)
    return low
