"""`Outgoing` -> the activities that carry it. Pure: dicts in the form of the wire, so that no entity is lost on the way."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.context import Citation, Outgoing, Place, Reference
from bot.teams.card_gate import card
from bot.teams.cleaning import one_line
from bot.teams.entities import root
from bot.teams.gate import plain, render
from bot.teams.links import Links, linkish
from bot.teams.mentions import Mention, before, entities, held, mentions_of, put_back
from bot.teams.splitting import split
from bot.texts import Texts

MAX_BYTES = 76_000
"""UTF-16 bytes of one activity. Teams refuses about 100 KB with 413 and advises to stay under 80 (format-your-bot-messages); what
the end of a stream and the connector add must fit too."""
MAX_ACTIONS = 3
"""Suggested actions that Teams shows."""
MAX_SUGGESTION = 80
"""Characters of one: longer ones are cut on phones."""
_MARKER = re.compile(r"\[(\d{1,3})\]")

Wire = dict[str, Any]


def activities(message: Outgoing, reference: Reference) -> list[Wire]:
    """One activity, or several when the text is too long for one: in the order to send them.

    Raises `bot.teams.card_gate.NotSendable` for a card of a kind we never send.
    """
    mentions = mentions_of(message.mentions)
    body = body_of(message, mentions, Texts.of(message.language or reference.locale))
    whole = _activity(message, reference, body, mentions)
    if size(whole) <= MAX_BYTES:
        return [whole]
    room = max(MAX_BYTES - size(_activity(message, reference, "", mentions, message.citations)), MAX_BYTES // 4)
    texts = [part.shown for part in split(body, lambda text: _width(text) <= room - 2 * len("\n\n*99/99 …*"))]
    last = len(texts) - 1
    first = replace(message, card=None, suggestions=())
    return [
        _activity(first, reference, _numbered(text, n + 1, last + 1) if message.ai else text, mentions, rated=n == 0)
        if n < last
        else _activity(message, reference, text, mentions, rated=False)
        for n, text in enumerate(texts)
    ]


def _numbered(text: str, part: int, parts: int) -> str:
    """So that nobody takes a part for the whole."""
    return f"{text.rstrip()}\n\n*{part}/{parts} …*"


def links_of(message: Outgoing) -> Links:
    """What this message may link to."""
    return Links.of((*(citation.link for citation in message.citations), *message.links), message.link_hosts)


def body_of(message: Outgoing, mentions: Sequence[Mention], say: Texts) -> str:
    """The text as it is shown: gated, whoever wrote it; then what goes apart from the answer, then who answered."""
    # A model mentions nobody: its `<at>` are letters like any other.
    named = () if message.ai else mentions
    text = before(put_back(render(held(message.text, named), links_of(message)), named), mentions)
    notices = [f"*{plain(notice)}*" for notice in message.notices]
    badge = [f"*{say('message.answered_by', model=plain(message.model))}*"] if message.model else []
    return "\n\n".join(part for part in [text, *notices, *badge] if part)


def _activity(
    message: Outgoing,
    reference: Reference,
    text: str,
    mentions: Sequence[Mention],
    citations: Sequence[Citation] | None = None,
    *,
    rated: bool = True,
) -> Wire:
    """`citations`: instead of those the text cites. `rated`: whether people are asked what they think of it."""
    activity: Wire = {
        "type": "message",
        "textFormat": "markdown",
        "text": text,
        "from": {"id": reference.bot_id},
        "conversation": {"id": reference.id},
    }
    if reference.place is Place.PERSONAL and reference.person.channel_id:
        activity["recipient"] = {"id": reference.person.channel_id}
    about = root(message, _cited(message.citations, text) if citations is None else citations)
    named = entities(text, mentions)
    if about is not None or named:
        activity["entities"] = [*([about] if about is not None else []), *named]
    if message.ai and rated:
        # Only `feedbackLoop`: together with the older `feedbackLoopEnabled` Teams refuses the message.
        activity["channelData"] = {"feedbackLoop": {"type": "default"}}
    if message.card is not None:
        activity["attachments"] = [card(message.card, links_of(message), mentions)]
        if not text and (summary := _summary(activity["attachments"][0])):
            activity["summary"] = summary
    elif actions := _suggested(message.suggestions):
        # Never beside an attachment: Teams does not support both. In shared places they are for the asker's eyes.
        everybody = reference.place is Place.PERSONAL or not reference.person.channel_id
        activity["suggestedActions"] = {
            "actions": actions,
            **({} if everybody else {"to": [reference.person.channel_id]}),
        }
    return activity


def _suggested(suggestions: Sequence[str]) -> list[Wire]:
    """One that is too long, or holds an address, is left out: a click says it in the person's name."""
    said = [one_line(suggestion) for suggestion in suggestions]
    harmless = [text for text in dict.fromkeys(said) if all(address.file for address in linkish(text))]
    kept = [text for text in harmless if 0 < len(text) <= MAX_SUGGESTION]
    return [{"type": "imBack", "title": text, "value": text} for text in kept[:MAX_ACTIONS]]


def _summary(attachment: Wire) -> str:
    """What a notification says of a message that is only a card."""
    return str(attachment["content"].get("fallbackText") or "")[:200]


def _cited(citations: Sequence[Citation], text: str) -> list[Citation]:
    """In order of position, each once."""
    named = {int(number) for number in _MARKER.findall(text)}
    found = {citation.position: citation for citation in reversed(citations) if citation.position in named}
    return [found[position] for position in sorted(found)]


def splits(activity: Mapping[str, Any]) -> bool:
    """Whether Teams makes two messages of it when it is posted, and then names no id (rate-limit page); an update stays one."""
    return bool(activity.get("text") and activity.get("attachments"))


def streamed(text: str, reference: Reference, stream: Mapping[str, Any]) -> Wire:
    """A step of a stream: a typing activity with the whole text so far, or with what is being done."""
    return {
        "type": "typing",
        "text": render(one_line(text)) if stream.get("streamType") == "informative" else text,
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


def _width(text: str) -> int:
    return size({"": text}) - size({"": ""})
