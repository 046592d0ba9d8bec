"""Mail that needs an answer of this person's: directed at them, with a question or a request, and not answered yet."""

from bot.digests.commitments import due_day
from bot.digests.gathering import Gathering
from bot.digests.item import Item, Link
from bot.digests.section import Section
from bot.digests.wants import wanted_in
from graph.feed import Entry

_FEW = 3
"""Recipients among whom a question is everybody's; among more it has to name the person."""
_LONG_WAIT = 5
"""Days after which waiting longer makes it no more urgent."""


async def gather(gathering: Gathering) -> list[Item]:
    """What waits longest first; a reminder comes after what it reminds of, as the same news."""
    found: list[Item] = []
    for entry in await gathering.news("mail"):
        if entry.mine or entry.bulk or entry.answered or not directed(entry, gathering):
            continue
        wish = wanted_in(entry.document.text)
        if wish:
            found.append(_item(entry, wish, gathering))
    return found


def directed(entry: Entry, gathering: Gathering) -> bool:
    """At this person: alone or with few in To, or by name."""
    if not entry.to_me:
        return False
    named = bool(gathering.given) and gathering.given in entry.document.text
    return entry.among <= _FEW or named


def _item(entry: Entry, wish: str, gathering: Gathering) -> Item:
    assert entry.at is not None
    local = entry.at.astimezone(gathering.zone)
    days = max(0, (gathering.today - local.date()).days)
    due = due_day(wish, local.replace(tzinfo=None), until=True)
    key = "brief.why_waits_days" if days else "brief.why_waits_today"
    return Item(
        f"waiting:{entry.document.thread or entry.document.id}",
        "waiting",
        entry.document.title,
        gathering.say(key, name=entry.author, n=days),
        (Link(entry.document.title, entry.document.link, "mail", entry.document.id),),
        when=entry.at,
        who=entry.author,
        due=due,
        quote=wish,
        text=entry.document.text,
        thread=entry.document.thread,
        labels=entry.document.labels,
        urgency=min(1.0, 0.5 + 0.04 * min(days, _LONG_WAIT) + 0.1 * entry.urgent + 0.05 * (entry.among == 1)),
        hidden=entry.document.hidden,
    )


SECTION = Section(gather, ("mail",))
