"""The card behind *Sources*: what was read for an answer, where was searched, what was left out and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.cards.kit import Element, card, linked, paragraph, words
from bot.naming import joined, reason, source
from bot.store.answers import Kept, Left, Read
from bot.texts import Texts

MOST_READ = 12
MOST_LEFT = 8
"""A card holds 28 KB; what was cited comes first."""
_LONGEST = 120


def sources_card(kept: Kept, say: Texts) -> Mapping[str, Any]:
    """An attachment object. Titles are shown letter by letter: they are other people's words."""
    searched = _searched(kept, say)
    body: list[Element] = [
        paragraph(say("sources.title"), heading=True),
        words(say("sources.question", question=_cut(kept.question)), subtle=True),
        *_read(kept.read, say),
        *([_heading(say("sources.searched")), words(searched)] if searched else []),
        *_left(say("sources.skipped"), kept.skipped, say),
        *_left(say("sources.failed"), kept.failed, say),
    ]
    return card(body, fallback=_as_text(kept, searched, say), language=say.language)


def _read(read: Sequence[Read], say: Texts) -> list[Element]:
    if not read:
        return [words(say("sources.nothing_read"))]
    rows: list[Element] = [_heading(say("sources.read"))]
    for one in read[:MOST_READ]:
        title = _cut(one.title) or say("sources.untitled")
        rows.append(
            linked(_numbered(one, title), one.link, hint=say("sources.open", title=title), below=_about(one, say))
        )
    return rows + _more(len(read) - MOST_READ, say)


def _left(heading: str, left: Sequence[Left], say: Texts) -> list[Element]:
    if not left:
        return []
    rows = [words(f"{_cut(source(one.what, say))}: {_cut(reason(one.why, say))}") for one in left[:MOST_LEFT]]
    return [_heading(heading), *rows, *_more(len(left) - MOST_LEFT, say)]


def _more(count: int, say: Texts) -> list[Element]:
    return [words(say("sources.more", n=count), subtle=True)] if count > 0 else []


def _heading(text: str) -> Element:
    return {**paragraph(text, heading=True), "size": "Default", "separator": True}


def _numbered(read: Read, title: str) -> str:
    return f"[{read.position}] {title}" if read.position else title


def _about(read: Read, say: Texts) -> str:
    """Where, by whom, when; and whether the answer rests on it."""
    parts = [_cut(read.place), say("sources.by", author=_cut(read.author)) if read.author else "", _day(read, say)]
    return " · ".join(part for part in (*parts, "" if read.position else say("sources.not_cited")) if part)


def _day(read: Read, say: Texts) -> str:
    try:
        day = datetime.fromisoformat(read.modified)
    except ValueError:
        return ""
    return say("sources.day", day=f"{day.day:02}", month=f"{day.month:02}", year=day.year)


def _searched(kept: Kept, say: Texts) -> str:
    where = joined((source(name, say) for name in kept.searched), say)
    found = say("sources.for", words=_cut(", ".join(kept.words))) if kept.words else ""
    return " ".join(part for part in (where, found) if part) if where else ""


def _as_text(kept: Kept, searched: str, say: Texts) -> str:
    read = "; ".join(_numbered(one, _cut(one.title)) for one in kept.read[:MOST_READ])
    lines = [f"{say('sources.read')}: {read}" if read else say("sources.nothing_read")]
    lines += [f"{say('sources.searched')}: {searched}"] if searched else []
    lines += (
        [f"{say('sources.skipped')}: {'; '.join(_cut(one.what) for one in kept.skipped[:MOST_LEFT])}"]
        if kept.skipped
        else []
    )
    return ". ".join(lines)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
