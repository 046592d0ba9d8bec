"""What changed in the folder, library or site that was named, whoever changed it but the owner alone."""

from bot.digests.gathering import Gathering
from bot.digests.item import Item, Link
from bot.digests.section import Section
from graph.base import Query

MOST = 25


async def gather(gathering: Gathering) -> list[Item]:
    """Newest first. Without a name there is nothing to look at."""
    about = gathering.work.subscription.options.get("about")
    if not isinstance(about, str) or not about:
        return []
    found = await gathering.searched("files", lambda since: Query(place=about, after=since), MOST)
    return [
        Item(
            f"document:{document.id}:{document.modified.isoformat()}",
            "document",
            document.title,
            gathering.say("brief.why_changed", name=document.author.rpartition(", ")[2]),
            (Link(document.title, document.link, "files", document.id),),
            when=document.modified,
            who=document.author.rpartition(", ")[2],
            text=document.text,
            thread=document.id,
            labels=document.labels,
            urgency=0.4,
            section="documents",
            hidden=document.hidden,
        )
        for document in sorted(found, key=lambda one: one.modified, reverse=True)
    ]


SECTION = Section(gather, ("files",))
