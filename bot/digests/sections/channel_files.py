"""Files of the channel a report goes to that somebody changed."""

from urllib.parse import quote

from bot.digests.gathering import Gathering
from bot.digests.item import Item, Link
from bot.digests.section import Section
from graph.channels import Channel
from graph.errors import GraphError
from graph.parse import text_at

SCOPES = ("Files.Read.All",)


async def gather(gathering: Gathering) -> list[Item]:
    """Newest first; nothing outside of teams, or before the channel has a folder."""
    drive = await _drive(gathering)
    if not drive:
        return []
    mine = f"files:{quote(drive, safe='!')}/"
    return [
        Item(
            f"document:{entry.document.id}:{entry.mark}",
            "document",
            entry.document.title,
            gathering.say("brief.why_changed", name=entry.author or entry.document.author),
            (Link(entry.document.title, entry.document.link, "files", entry.document.id),),
            when=entry.at,
            who=entry.author,
            text=entry.document.text,
            thread=entry.document.id,
            labels=entry.document.labels,
            urgency=0.35,
            section="documents",
            hidden=entry.document.hidden,
        )
        for entry in reversed(await gathering.news("files"))
        if entry.document.id.startswith(mine) and not entry.bulk
    ]


async def _drive(gathering: Gathering) -> str:
    if not gathering.team:
        return ""
    channel = Channel(gathering.team, gathering.work.here.id.partition(";")[0])
    try:
        folder = await gathering.graph.scoped(SCOPES).get(f"{channel.path}/filesFolder")
    except GraphError:
        return ""
    return text_at(folder, "parentReference", "driveId")


SECTION = Section(gather, ("files",))
