"""Documents of this person's that others changed, and those others share with them."""

from bot.digests.gathering import Gathering
from bot.digests.item import Item, Link
from bot.digests.section import Section
from graph.feed import Entry


async def gather(gathering: Gathering) -> list[Item]:
    """Newest first."""
    entries = [entry for entry in await gathering.news("files") if not entry.mine and not entry.bulk]
    return [_item(entry, gathering) for entry in reversed(entries) if entry.own or entry.shared]


def _item(entry: Entry, gathering: Gathering) -> Item:
    document = entry.document
    key = "brief.why_changed_yours" if entry.own else "brief.why_shared"
    return Item(
        f"document:{document.id}:{entry.mark}",
        "document",
        document.title,
        gathering.say(key, name=entry.author or document.author),
        (Link(document.title, document.link, "files", document.id),),
        when=entry.at,
        who=entry.author,
        text=document.text,
        thread=document.id,
        labels=document.labels,
        urgency=0.42 if entry.own else 0.38,
        hidden=document.hidden,
    )


SECTION = Section(gather, ("files",))
