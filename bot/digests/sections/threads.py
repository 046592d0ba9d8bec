"""What was talked about in the channel or chat a report goes to: a line a thread, open questions first."""

from collections.abc import Sequence

from bot.digests.gathering import Gathering
from bot.digests.item import Item, Link
from bot.digests.section import Section
from bot.digests.wants import wanted_in
from graph.feed import Entry

_NAMED = 3
_TITLE = 70
_SAYS_ENOUGH = 3


async def gather(gathering: Gathering) -> list[Item]:
    """Oldest thread first. A chat has no threads: there each open question is one."""
    found: dict[str, list[Entry]] = {}
    for feed in ("channels", "chats"):
        for entry in await gathering.news(feed):
            if gathering.is_here(entry.document) and not entry.bulk:
                key = entry.document.thread if feed == "channels" else entry.mark
                found.setdefault(key, []).append(entry)
    items = [_item(entries, gathering) for entries in found.values()]
    return [item for item in items if item is not None]


def _item(entries: Sequence[Entry], gathering: Gathering) -> Item | None:
    first, last, say = entries[0], entries[-1], gathering.say
    text = "\n".join(entry.document.text for entry in entries)
    wish = wanted_in(last.document.text) if last.last else ""
    is_open = wish.endswith("?")
    if not is_open and (len(text.split()) < _SAYS_ENOUGH or first.document.source == "chats"):
        return None
    names = list(dict.fromkeys(entry.author for entry in entries))
    said = ", ".join(names[:_NAMED])
    asks, told = say("brief.why_still_open", name=last.author), say("brief.why_thread", names=said, n=len(entries))
    title = wish if first.document.source == "chats" else first.document.title
    return Item(
        f"{'question' if is_open else 'mention'}:{first.document.id}:{last.mark}",
        "question" if is_open else "mention",
        title if len(title) <= _TITLE else f"{title[: _TITLE - 1].rsplit(' ', 1)[0]}…",
        asks if is_open else told,
        (Link(title, first.document.link, first.document.source, first.document.id),),
        when=last.at,
        who=last.author,
        quote=wish if is_open else "",
        text=text,
        thread=first.document.thread if first.document.source == "channels" else "",
        labels=first.document.labels,
        urgency=0.6 if is_open else 0.3 + min(0.2, 0.02 * len(entries)),
        section="threads",
        hidden=any(entry.document.hidden for entry in entries),
    )


SECTION = Section(gather, ("channels", "chats"))
