"""The next meeting with others, and what is worth reading before it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.digests.gathering import Gathering
from bot.digests.item import Item, Link
from bot.digests.section import Section
from bot.digests.sections import calendar, commitments, waiting
from bot.grounding.queries import keywords
from graph.base import Document, Query
from graph.feed import Entry

AHEAD = timedelta(hours=36)
_EACH = 4
_PEOPLE = 8
"""In larger meetings nobody prepares for each of the others."""


async def gather(gathering: Gathering) -> list[Item]:
    """The meeting, then what waits or was promised among those who come, then mails and files about it."""
    gathering.days = max(gathering.days, 2)
    meeting = _next(await gathering.news("calendar"), gathering)
    if meeting is None:
        return []
    others = {name for name in meeting.people if not gathering.is_me(name)}
    named = others if len(others) <= _PEOPLE else {meeting.author}
    promised = [*await waiting.gather(gathering), *await commitments.gather(gathering)]
    between = [item for item in promised if item.who in named or gathering.is_me(item.who)]
    related = await _related(meeting, gathering)
    first = replace(calendar.event(meeting, gathering), section="meeting", urgency=0.9)
    return [first, *between, *related]


def _next(entries: Iterable[Entry], gathering: Gathering) -> Entry | None:
    ahead = [
        entry
        for entry in entries
        if entry.at is not None
        and gathering.now <= entry.at <= gathering.now + AHEAD
        and not (entry.all_day or entry.cancelled)
        and any(not gathering.is_me(name) for name in entry.people)
    ]
    return min(ahead, key=lambda entry: entry.at or gathering.now, default=None)


async def _related(meeting: Entry, gathering: Gathering) -> list[Item]:
    words = tuple(keywords(meeting.document.title))[:5]
    if not words:
        return []
    found: list[Item] = []
    for name in ("mail", "files"):
        # A subject of one telling word has to meet it; of more words two of them.
        query = Query(any_of=words, least=min(2, len(words)), question=meeting.document.title)
        documents = await gathering.searched(name, partial(_since, query), _EACH)
        found += [_item(document, name, meeting, gathering) for document in documents]
    return found


def _since(query: Query, since: datetime) -> Query:
    return replace(query, after=since)


def _item(document: Document, source: str, meeting: Entry, gathering: Gathering) -> Item:
    who = document.author.partition(" <")[0].rpartition(", ")[2]
    return Item(
        f"document:{document.id}",
        "document",
        document.title,
        gathering.say("brief.why_related", name=who, title=meeting.document.title),
        (Link(document.title, document.link, source, document.id),),
        when=document.modified,
        who=who,
        text=document.text,
        thread=document.thread,
        labels=document.labels,
        urgency=0.4,
        section="documents",
        hidden=document.hidden,
    )


SECTION = Section(gather, ("calendar", "mail", "chats", "channels", "files"))
