"""The one root entity of a message: AI label and citations, within the lengths Teams accepts.

Source: "Bot messages with AI-generated content" (msteams-docs). Two root entities, or one citation too many, and Teams answers 400.
"""

from collections.abc import Iterable
from typing import Any

from bot.context import Citation

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
}
"""By `graph.base.Document.kind`. Teams knows no picture for mail, events, chats and web pages: they go without one."""


def ai_message(citations: Iterable[Citation] = ()) -> dict[str, Any]:
    entity: dict[str, Any] = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
        "additionalType": ["AIGeneratedContent"],
    }
    claims = [_claim(citation) for citation in citations][:MAX_CITATIONS]
    return {**entity, "citation": claims} if claims else entity


def _claim(citation: Citation) -> dict[str, Any]:
    appearance: dict[str, Any] = {
        "@type": "DigitalDocument",
        "name": shortened(citation.title, MAX_NAME) or "Source",
        "abstract": shortened(citation.abstract, MAX_ABSTRACT) or shortened(citation.title, MAX_ABSTRACT) or "Source",
    }
    if citation.link.startswith("https://"):
        appearance["url"] = citation.link
    if citation.kind in _IMAGES:
        appearance["image"] = {"@type": "ImageObject", "name": _IMAGES[citation.kind]}
    return {"@type": "Claim", "position": citation.position, "appearance": appearance}


def shortened(text: str, limit: int) -> str:
    """On one line, cut at a word where one is near."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit * 2 // 3 else cut) + "…"
