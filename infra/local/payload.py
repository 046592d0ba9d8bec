"""What Teams accepts as one message: its size, and the one entity that carries AI label, citations and sensitivity."""

import json
import re
from typing import Any

from infra.local.connector_errors import ConnectorError, bad_request

MAX_BYTES = 100 * 1024
"""UTF-16, without base64 images. learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages"""
MAX_CITATIONS = 20
MAX_CITATION_NAME = 80
MAX_CITATION_ABSTRACT = 160
MAX_KEYWORDS = 3
ROOT_MESSAGE = "https://schema.org/Message"
INLINE_IMAGE = re.compile(r"data:image/[a-zA-Z+.-]+;base64,[A-Za-z0-9+/=]+")


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
    """What Teams would cut or ignore without saying so."""
    found: list[str] = []
    for entity in entities(activity):
        if entity.get("type") == ROOT_MESSAGE:
            found.extend(problem for claim in entity.get("citation") or [] for problem in _cut(claim))
        if entity.get("type") == "mention" and str(entity.get("text")) not in str(activity.get("text", "")):
            found.append("a mention's text does not occur in the message, so it is ignored")
    data = activity.get("channelData")
    if isinstance(data, dict) and "feedbackLoop" in data and "feedbackLoopEnabled" in data:
        found.append("feedbackLoop and feedbackLoopEnabled were sent together")
    suggested = activity.get("suggestedActions")
    if isinstance(suggested, dict) and len(suggested.get("actions") or []) > 3:
        found.append("only three suggested actions are shown")
    return found


def _check_root(root: dict[str, Any]) -> None:
    citations = root.get("citation") or []
    if not isinstance(citations, list) or len(citations) > MAX_CITATIONS:
        raise bad_request(f"A message can have at most {MAX_CITATIONS} citations", "BadArgument")
    usage = root.get("usageInfo")
    for claim in citations:
        appearance = claim.get("appearance") if isinstance(claim, dict) else None
        if not isinstance(appearance, dict) or not appearance.get("name") or not isinstance(claim.get("position"), int):
            raise bad_request("A citation needs a position and an appearance with a name", "BadArgument")
        own = appearance.get("usageInfo")
        if own is not None and (not isinstance(usage, dict) or own.get("@id") != usage.get("@id")):
            raise bad_request("A citation's usageInfo must have the @id of the message's usageInfo", "BadArgument")


def _cut(claim: dict[str, Any]) -> list[str]:
    appearance = claim["appearance"]
    found = []
    if len(appearance["name"]) > MAX_CITATION_NAME:
        found.append(f"a citation's name is longer than {MAX_CITATION_NAME} characters")
    if len(appearance.get("abstract") or "") > MAX_CITATION_ABSTRACT:
        found.append(f"a citation's abstract is longer than {MAX_CITATION_ABSTRACT} characters")
    if len(appearance.get("keywords") or []) > MAX_KEYWORDS:
        found.append(f"a citation has more than {MAX_KEYWORDS} keywords")
    return found
