"""What people wrote to each other in Teams, as lines with speaker and time: chats and channels read alike."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from graph.html_text import html_to_text, tidy
from graph.parse import dict_at, dicts_at, link_of, moment_of, text_at

AROUND = 6
"""Messages shown before and after the one that was found."""
GAP = timedelta(hours=12)
"""A longer silence begins another talk."""
PREFER = {"Prefer": "include-unknown-enum-members"}
_TAG_OF_FILE = re.compile(r"<attachment\b[^>]*>\s*</attachment>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `id` is what Teams calls it: milliseconds since 1970."""

    id: str
    speaker: str
    at: datetime
    text: str
    link: str = ""
    application: str = ""
    """Its id, for what a bot said."""

    def line(self, zone: ZoneInfo) -> str:
        return f"[{self.at.astimezone(zone):%Y-%m-%d %H:%M}] {self.speaker}: {self.text}"


def said(message: Mapping[str, Any]) -> Said | None:
    """None for what nobody said: joined and left, deleted, empty."""
    kind = text_at(message, "messageType") or "message"
    if kind != "message" or text_at(message, "deletedDateTime") or not text_at(message, "id"):
        return None
    content = text_at(message, "body", "content")
    if text_at(message, "body", "contentType").casefold() != "text":
        content = html_to_text(_TAG_OF_FILE.sub(" ", content))
    subject = " ".join(text_at(message, "subject").split())
    files = [" ".join(text_at(entry, "name").split()) for entry in dicts_at(message, "attachments")]
    parts = [subject, tidy(content), *(f"(file: {name})" for name in files if name)]
    text = " ".join(part for part in parts if part)
    if not text:
        return None
    link = link_of(text_at(message, "webUrl"))
    at, application = moment_of(text_at(message, "createdDateTime")), text_at(message, "from", "application", "id")
    return Said(text_at(message, "id"), _speaker(message), at, text, link, application)


def _speaker(message: Mapping[str, Any]) -> str:
    sender = dict_at(message, "from")
    for kind in ("user", "application", "device"):
        name = " ".join(text_at(sender, kind, "displayName").split())
        if name:
            return name
    return "Somebody"


def talk(messages: Iterable[Mapping[str, Any]]) -> list[Said]:
    """Oldest first, each once."""
    known = {entry.id: entry for entry in map(said, messages) if entry is not None}
    return sorted(known.values(), key=lambda entry: (entry.at, entry.id))


def around(lines: Sequence[Said], ids: Iterable[str], *, each_side: int = AROUND) -> list[list[Said]]:
    """The stretches of talk around the messages with these ids; what overlaps is one stretch, a long silence ends one."""
    places = {entry.id: at for at, entry in enumerate(lines)}
    wanted: set[int] = set()
    for id in ids:
        if id in places:
            wanted |= _stretch(lines, places[id], each_side)
    found: list[list[Said]] = []
    before = -2
    for at in sorted(wanted):
        if at != before + 1 or lines[at].at - lines[before].at > GAP:
            found.append([])
        found[-1].append(lines[at])
        before = at
    return found


def _stretch(lines: Sequence[Said], at: int, each_side: int) -> set[int]:
    kept = {at}
    for step in (-1, 1):
        here = at
        for _ in range(each_side):
            following = here + step
            if not 0 <= following < len(lines) or abs(lines[following].at - lines[here].at) > GAP:
                break
            kept.add(following)
            here = following
    return kept


def written(lines: Iterable[Said], zone: ZoneInfo, *, unheard: str = "") -> str:
    """`unheard`: the id of an application whose messages are left out (`graph.options.Options`)."""
    return "\n".join(entry.line(zone) for entry in lines if not unheard or entry.application != unheard)
