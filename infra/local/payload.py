"""What Teams accepts as one message: its size, and the one entity that carries AI label, citations and sensitivity."""

import json
import re
from collections.abc import Iterator
from typing import Any

from infra.local.connector_errors import ConnectorError, bad_request

MAX_BYTES = 100 * 1024
"""UTF-16, without base64 images. learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages"""
MAX_CITATIONS = 20
MAX_CITATION_NAME = 80
MAX_CITATION_ABSTRACT = 160
MAX_KEYWORDS = 3
MAX_KEYWORD = 28
MAX_SUGGESTIONS = 3
ROOT_MESSAGE = "https://schema.org/Message"
INLINE_IMAGE = re.compile(r"data:image/[a-zA-Z+.-]+;base64,[A-Za-z0-9+/=]+")
IMAGES = frozenset(
    {
        "Microsoft Word", "Microsoft Excel", "Microsoft PowerPoint", "Microsoft OneNote", "Microsoft SharePoint", "Microsoft Visio",
        "Microsoft Loop", "Microsoft Whiteboard", "Source Code", "Sketch", "Adobe Illustrator", "Adobe Photoshop", "Adobe InDesign",
        "Adobe Flash", "Image", "GIF", "Video", "Sound", "ZIP", "Text", "PDF",
    }
)  # fmt: skip
"""Pictures of citations (bot-messages-ai-generated-content)."""
ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
_MARKUP = re.compile(r"<(?!/?at>)[a-zA-Z/!]")
_CODE = re.compile(r"(`{3,})[\s\S]*?(?:\1|\Z)|(`+)[^`]*\2")


def size(activity: dict[str, Any]) -> int:
    """Bytes of the whole payload as Teams counts it."""
    text = INLINE_IMAGE.sub("", json.dumps(activity, ensure_ascii=False, separators=(",", ":")))
    return len(text.encode("utf-16-le", "surrogatepass"))


def check(activity: dict[str, Any]) -> None:
    """Raises ConnectorError for what Teams refuses."""
    if size(activity) > MAX_BYTES:
        raise ConnectorError(413, "MessageSizeTooBig", "Message size too large.")
    roots = [entity for entity in entities(activity) if entity.get("type") == ROOT_MESSAGE]
    if len(roots) > 1:
        raise bad_request("Multiple root message entities", "BadArgument")
    for root in roots:
        _check_root(root)


def entities(activity: dict[str, Any]) -> list[dict[str, Any]]:
    found = activity.get("entities")
    return [entity for entity in found if isinstance(entity, dict)] if isinstance(found, list) else []


def complaints(activity: dict[str, Any]) -> list[str]:
    """What Teams would cut, ignore or show wrongly without saying so."""
    return [
        *(problem for entity in entities(activity) for problem in _of_entity(entity, str(activity.get("text") or ""))),
        *_of_channel_data(activity.get("channelData")),
        *_of_suggestions(activity),
        *_of_text(activity),
        *(problem for attachment in activity.get("attachments") or [] for problem in _of_attachment(attachment)),
    ]


def _check_root(root: dict[str, Any]) -> None:
    citations = root.get("citation") or []
    if not isinstance(citations, list) or len(citations) > MAX_CITATIONS:
        raise bad_request(f"A message can have at most {MAX_CITATIONS} citations", "BadArgument")
    usage = root.get("usageInfo")
    if usage is not None and (not isinstance(usage, dict) or not usage.get("name")):
        raise bad_request("usageInfo needs a name", "BadArgument")
    for claim in citations:
        appearance = claim.get("appearance") if isinstance(claim, dict) else None
        if not isinstance(appearance, dict) or not appearance.get("name") or not isinstance(claim.get("position"), int):
            raise bad_request("A citation needs a position and an appearance with a name", "BadArgument")
        own = appearance.get("usageInfo")
        if own is not None and (not isinstance(usage, dict) or own.get("@id") != usage.get("@id")):
            raise bad_request("A citation's usageInfo must have the @id of the message's usageInfo", "BadArgument")
        if own is not None and usage is not None and any(own.get(n) != usage.get(n) for n in ("name", "description")):
            raise bad_request("usageInfo of one @id must have one name and one description", "BadArgument")


def _of_entity(entity: dict[str, Any], text: str) -> Iterator[str]:
    if entity.get("type") == ROOT_MESSAGE:
        claims = entity.get("citation") or []
        positions = [claim.get("position") for claim in claims]
        if len(set(positions)) < len(positions):
            yield "two citations have one position"
        for claim in claims:
            yield from _of_claim(claim, text)
    if entity.get("type") == "mention":
        if not entity.get("text") or str(entity["text"]) not in text:
            yield "a mention's text does not occur in the message, so it is ignored"
        if not (entity.get("mentioned") or {}).get("id"):
            yield "a mention names nobody"


def _of_claim(claim: dict[str, Any], text: str) -> Iterator[str]:
    appearance = claim["appearance"]
    keywords = appearance.get("keywords") or []
    if len(appearance["name"]) > MAX_CITATION_NAME:
        yield f"a citation's name is longer than {MAX_CITATION_NAME} characters"
    if len(appearance.get("abstract") or "") > MAX_CITATION_ABSTRACT:
        yield f"a citation's abstract is longer than {MAX_CITATION_ABSTRACT} characters"
    if len(keywords) > MAX_KEYWORDS:
        yield f"a citation has more than {MAX_KEYWORDS} keywords"
    if any(len(str(word)) > MAX_KEYWORD for word in keywords):
        yield f"a citation's keyword is longer than {MAX_KEYWORD} characters"
    if "image" in appearance and appearance["image"].get("name") not in IMAGES:
        yield "a citation's image is none that Teams knows"
    if not str(appearance.get("url", "https://")).startswith("https://"):
        yield "a citation's url is not https"
    if text and f"[{claim['position']}]" not in text:
        yield "a citation's marker does not occur in the message"


def _of_channel_data(data: Any) -> Iterator[str]:
    if not isinstance(data, dict) or "feedbackLoop" not in data:
        return
    if "feedbackLoopEnabled" in data:
        yield "feedbackLoop and feedbackLoopEnabled were sent together"
    if (data["feedbackLoop"] or {}).get("type") not in {"default", "custom"}:
        yield "feedbackLoop's type is neither default nor custom"


def _of_suggestions(activity: dict[str, Any]) -> Iterator[str]:
    suggested = activity.get("suggestedActions")
    actions = (suggested.get("actions") or []) if isinstance(suggested, dict) else []
    if len(actions) > MAX_SUGGESTIONS:
        yield "only three suggested actions are shown"
    if actions and activity.get("attachments"):
        yield "suggested actions are not shown beside attachments"
    if any(not action.get("title") or action.get("value") in {None, ""} for action in actions):
        yield "a suggested action has no title or no value"


def _of_text(activity: dict[str, Any]) -> Iterator[str]:
    text = str(activity.get("text") or "")
    if activity.get("textFormat", "markdown") == "markdown" and _MARKUP.search(_CODE.sub("", text)):
        yield "HTML in Markdown is shown as it is, or not at all"
    mentioned = [str(entity.get("text")) for entity in entities(activity) if entity.get("type") == "mention"]
    if any(f"<at>{name}</at>" not in mentioned for name in re.findall(r"<at>(.*?)</at>", _CODE.sub("", text))):
        yield "the text mentions somebody no entity names"


def _of_attachment(attachment: Any) -> Iterator[str]:
    if not isinstance(attachment, dict) or attachment.get("contentType") != ADAPTIVE_CARD:
        return
    card = attachment.get("content") or {}
    if str(card.get("version", "1.5")) not in {"1.0", "1.1", "1.2", "1.3", "1.4", "1.5"}:
        yield "Teams draws Adaptive Cards up to version 1.5"
    if not card.get("fallbackText"):
        yield "a card has no fallbackText"
