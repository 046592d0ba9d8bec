"""The one root entity of a message: AI label, citations and sensitivity label, within the lengths Teams accepts.

Source: "Bot messages with AI-generated content" (msteams-docs). Two root entities, one citation too many, or two labels under one
id, and Teams answers 400.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from bot.context import Citation, Outgoing
from bot.teams.gate import letters

MAX_CITATIONS = 20
MAX_NAME = 80
MAX_ABSTRACT = 160
_IMAGES = {
    "word": "Microsoft Word",
    "excel": "Microsoft Excel",
    "powerpoint": "Microsoft PowerPoint",
    "pdf": "PDF",
    "text": "Text",
    "image": "Image",
    "mail": "Text",
    "chat": "Text",
    "event": "Text",
    "task": "Text",
    "transcript": "Text",
}
"""By `graph.base.Document.kind`. Teams has no picture for mail, talk and dates: what they are is text. People and web pages go without."""


def root(message: Outgoing, citations: Iterable[Citation]) -> dict[str, Any] | None:
    """None when there is nothing to say about the message."""
    usage = _usage(message)
    if not message.ai and usage is None:
        return None
    entity: dict[str, Any] = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
    }
    if message.ai:
        entity["additionalType"] = ["AIGeneratedContent"]
    if usage is not None:
        entity["usageInfo"] = usage
    claims = [_claim(citation, message, usage) for citation in citations][:MAX_CITATIONS]
    return {**entity, "citation": claims} if claims else entity


def _usage(message: Outgoing) -> dict[str, Any] | None:
    name = shortened(letters(message.label), MAX_NAME)
    if not name:
        return None
    note = shortened(letters(message.label_note), MAX_ABSTRACT) or name
    id = f"label-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
    return {"@type": "CreativeWork", "@id": id, "name": name, "description": note}


def _claim(citation: Citation, message: Outgoing, usage: dict[str, Any] | None) -> dict[str, Any]:
    name = letters(citation.title)
    appearance: dict[str, Any] = {
        "@type": "DigitalDocument",
        "name": shortened(name, MAX_NAME) or "Source",
        "abstract": shortened(letters(citation.abstract), MAX_ABSTRACT) or shortened(name, MAX_ABSTRACT) or "Source",
    }
    if citation.link.startswith("https://"):
        appearance["url"] = citation.link
    if citation.kind in _IMAGES:
        appearance["image"] = {"@type": "ImageObject", "name": _IMAGES[citation.kind]}
    # A citation may carry no other label than its message (same @id), so only the sources with that very label show it.
    if usage is not None and citation.label == message.label:
        appearance["usageInfo"] = usage
    return {"@type": "Claim", "position": citation.position, "appearance": appearance}


def shortened(text: str, limit: int) -> str:
    """On one line, cut at a word where one is near."""
    line = " ".join(text.split())
    if len(line.encode("utf-16-le", "surrogatepass")) // 2 <= limit:
        return line
    cut = line.encode("utf-16-le", "surrogatepass")[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    space = cut.rfind(" ")
    return (cut[:space] if space > limit * 2 // 3 else cut) + "…"
