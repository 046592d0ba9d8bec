"""The days ahead: what is planned, what overlaps, and which invitations wait for a reply."""

from datetime import datetime
from itertools import combinations

from bot.digests.gathering import Gathering
from bot.digests.item import Item, Link
from bot.digests.section import Section
from graph.feed import Entry

_MOST_NAMED = 3


async def gather(gathering: Gathering) -> list[Item]:
    """In the order of the day; a conflict stands where the first of the two would, in place of both."""
    entries = [entry for entry in await gathering.news("calendar") if _matters(entry, gathering)]
    clashes = [(one, other) for one, other in combinations(entries, 2) if _overlap(one, other)]
    told = {id(entry) for pair in clashes for entry in pair}
    items = [_conflict(one, other, gathering) for one, other in clashes]
    items += [event(entry, gathering) for entry in entries if id(entry) not in told]
    return sorted(items, key=lambda item: item.when or gathering.now)


def _matters(entry: Entry, gathering: Gathering) -> bool:
    """What is over is no news; cancelled is news only where the meeting had been told of before."""
    if entry.ends is None or entry.ends <= gathering.now or not entry.document.title:
        return False
    return not entry.cancelled or (gathering.fresh and "calendar" in gathering.work.cursors)


def _overlap(one: Entry, other: Entry) -> bool:
    if not (one.busy and other.busy) or one.all_day or other.all_day:
        return False
    assert one.at is not None
    assert other.at is not None
    assert one.ends is not None
    assert other.ends is not None
    return one.at < other.ends and other.at < one.ends


def event(entry: Entry, gathering: Gathering) -> Item:
    """With who comes, or what of it is new."""
    say, others = gathering.say, [name for name in entry.people if not gathering.is_me(name)]
    if entry.cancelled:
        why = say("brief.why_cancelled")
    elif entry.unanswered:
        why = say("brief.why_invited", name=entry.author)
    elif others:
        more = len(others) - _MOST_NAMED
        names = ", ".join(others[:_MOST_NAMED])
        why = say("brief.why_meeting_more", names=names, n=more) if more > 0 else say("brief.why_meeting", names=names)
    else:
        why = say("brief.why_alone")
    return Item(
        f"event:{entry.document.id}:{entry.mark}",
        "event",
        entry.document.title,
        why,
        (_link(entry),),
        when=_begin(entry, gathering),
        all_day=entry.all_day,
        who=entry.author,
        text=entry.document.text,
        thread=entry.document.thread,
        labels=entry.document.labels,
        urgency=0.55 if entry.unanswered or entry.cancelled else 0.2,
        hidden=entry.document.hidden,
    )


def _conflict(one: Entry, other: Entry, gathering: Gathering) -> Item:
    why = gathering.say(
        "brief.why_conflict", first=_when(one, gathering), second=_when(other, gathering), other=other.document.title
    )
    return Item(
        f"conflict:{one.document.id}:{other.document.id}:{one.mark}:{other.mark}",
        "conflict",
        one.document.title,
        why,
        (_link(one), _link(other)),
        when=one.at,
        who=one.author,
        text=f"{_when(one, gathering)} {other.document.title}",
        labels=tuple(dict.fromkeys((*one.document.labels, *other.document.labels))),
        urgency=0.85,
    )


def _begin(entry: Entry, gathering: Gathering) -> datetime | None:
    """A whole day has no zone: Graph writes it as midnight UTC, and it is that date everywhere."""
    return entry.at.replace(tzinfo=gathering.zone) if entry.all_day and entry.at is not None else entry.at


def _when(entry: Entry, gathering: Gathering) -> str:
    """ "09:00–09:30": the day stands before it."""
    assert entry.at is not None
    assert entry.ends is not None
    if entry.all_day:
        return gathering.say("brief.all_day")
    start, end = (moment.astimezone(gathering.zone) for moment in (entry.at, entry.ends))
    return f"{start:%H:%M}–{end:%H:%M}"


def _link(entry: Entry) -> Link:
    return Link(entry.document.title, entry.document.link, "calendar", entry.document.id)


SECTION = Section(gather, ("calendar",))
