"""Deadlines, promises and requests that stand in what was written: with an owner and a day only where the text names them."""

import asyncio
from datetime import timedelta

from bot.digests.commitments import Commitment, commitments
from bot.digests.gathering import Gathering
from bot.digests.item import Item, Link
from bot.digests.section import Section
from bot.digests.sections.waiting import directed
from graph.feed import Entry

_FEEDS = ("mail", "chats", "channels")
_AHEAD = timedelta(days=30)
_TITLE = 90
_ROUND = 8
"""Recipients of a mail among colleagues whose tasks concern all of them, such as minutes."""


async def gather(gathering: Gathering) -> list[Item]:
    """Soonest due first; what has no day comes after what has one."""
    found: list[Item] = []
    # A report for all is made from what was said there; nobody's mail is looked at for it.
    for feed in _FEEDS if gathering.audience.personal else _FEEDS[1:]:
        for entry in await gathering.news(feed):
            if not entry.bulk:
                # In a thread: somebody else wrote the text, and nobody's answer is to wait for how long it takes to read.
                found += await asyncio.to_thread(_of, entry, gathering)
    return sorted(found, key=lambda item: (item.due is None, item.due or gathering.today))


def _of(entry: Entry, gathering: Gathering) -> list[Item]:
    assert entry.at is not None
    written = entry.at.astimezone(gathering.zone).replace(tzinfo=None)
    around = (*entry.people, gathering.name)
    read = commitments(entry.document.text, entry.author, around, written)
    return [_item(one, entry, gathering) for one in read if _matters(one, entry, gathering)]


def _matters(one: Commitment, entry: Entry, gathering: Gathering) -> bool:
    """What this person promised, what was promised or asked of them, and days that hold for them as well."""
    today = gathering.today
    if one.due is not None and not today <= one.due <= today + _AHEAD:
        return False
    if not gathering.audience.personal:
        return gathering.is_here(entry.document) and (one.kind != "request" or one.due is not None)
    close = _close(entry, gathering)
    if one.kind == "request":
        return close and not entry.mine and not entry.answered and one.due is not None and entry.to_me
    if one.kind == "deadline":
        return not entry.mine and (close or entry.inside)
    return gathering.is_me(one.owner) or (close and not entry.mine)


def _close(entry: Entry, gathering: Gathering) -> bool:
    """What it says is between few, of whom this person is one."""
    if entry.mine or entry.joined:
        return True
    if entry.document.source != "mail":
        return entry.to_me
    return directed(entry, gathering) or (entry.to_me and entry.inside and entry.among <= _ROUND)


def _item(one: Commitment, entry: Entry, gathering: Gathering) -> Item:
    say, mine, document = gathering.say, gathering.is_me(one.owner), entry.document
    if one.kind == "deadline":
        why = say("brief.why_deadline", name=entry.author)
    elif one.kind == "request":
        why = say("brief.why_asks_of_you" if gathering.audience.personal else "brief.why_asks_all", name=entry.author)
    elif not one.owner:
        why = say("brief.why_nobody", name=entry.author)
    elif mine and gathering.audience.personal:
        why = say("brief.why_you_promised") if entry.mine else say("brief.why_yours", name=entry.author)
    else:
        why = say("brief.why_promised", name=one.owner)
    title = one.text if len(one.text) <= _TITLE else f"{one.text[: _TITLE - 1].rsplit(' ', 1)[0]}…"
    return Item(
        f"{one.kind}:{document.id}:{entry.mark}:{title.casefold()}",
        one.kind,
        title,
        why,
        (Link(document.title, document.link, document.source, document.id),),
        when=entry.at,
        who=one.owner,
        due=one.due,
        text=one.text,
        thread=document.thread,
        labels=document.labels,
        urgency=0.5 if mine or one.kind == "request" else 0.42,
        hidden=document.hidden,
    )


SECTION = Section(gather, _FEEDS)
