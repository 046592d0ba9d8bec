"""What was said in chats and channels that is for this person: mentions, and questions nobody has answered."""

from bot.digests.commitments import due_day
from bot.digests.gathering import Gathering
from bot.digests.item import Item, Link
from bot.digests.section import Section
from bot.digests.wants import wanted_in
from graph.feed import Entry

_SAYS_ENOUGH = 4
"""Words of a mention that asks nothing: fewer are a thank-you."""
_TITLE = 60


async def gather(gathering: Gathering) -> list[Item]:
    """Oldest first; of one thread what was asked first."""
    found: dict[str, Item] = {}
    for feed in ("chats", "channels"):
        for entry in await gathering.news(feed):
            item = _item(entry, gathering)
            if item is not None:
                found.setdefault(item.thread or item.id, item)
    return sorted(found.values(), key=lambda item: item.when or gathering.now)


def _item(entry: Entry, gathering: Gathering) -> Item | None:
    if entry.mine or entry.bulk or entry.answered:
        return None
    say, place, wish = gathering.say, entry.document.place, wanted_in(entry.document.text)
    where = say("brief.in_place", place=place) if place else say("brief.in_chat")
    if entry.to_me and wish:
        return _made(
            entry, "question", say("brief.why_asks_here", name=entry.author, where=where), 0.62, wish, gathering
        )
    if entry.to_me and place and len(entry.document.text.split()) >= _SAYS_ENOUGH:
        why = say("brief.why_mentions", name=entry.author, where=where)
        return _made(entry, "mention", why, 0.45, entry.document.text, gathering)
    if wish.endswith("?") and entry.last and (entry.joined or entry.document.source == "chats"):
        why = say("brief.why_open", name=entry.author, where=where)
        return _made(entry, "question", why, 0.4, wish, gathering)
    return None


def _made(entry: Entry, kind: str, why: str, urgency: float, quote: str, gathering: Gathering) -> Item:
    assert entry.at is not None
    local = entry.at.astimezone(gathering.zone).replace(tzinfo=None)
    text = entry.document.text
    quote = quote.removeprefix(gathering.name).lstrip(" ,:")
    title = quote if len(quote) <= _TITLE else f"{quote[: _TITLE - 1].rsplit(' ', 1)[0]}…"
    return Item(
        f"{kind}:{entry.document.source}:{entry.document.thread}:{entry.mark}",
        "question" if kind == "question" else "mention",
        title,
        why,
        (Link(title, entry.document.link, entry.document.source, entry.document.id),),
        when=entry.at,
        who=entry.author,
        due=due_day(quote, local, until=True),
        text=text,
        # A chat goes on for years: that two messages stand in it says nothing.
        thread=entry.document.thread if entry.document.source == "channels" else "",
        labels=entry.document.labels,
        urgency=urgency,
        hidden=entry.document.hidden,
    )


SECTION = Section(gather, ("chats", "channels"))
