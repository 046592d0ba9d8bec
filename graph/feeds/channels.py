"""What was said in the channels of the person's teams since a moment.

Their delta query leaves replies out (chatmessage-delta), and news is mostly replies: the newest threads of each channel are read whole.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from graph.base import Document
from graph.channels import SCOPES, Channel, Channels
from graph.client import Graph
from graph.feed import Entry, FeedSpec, News, Span
from graph.feeds.talk import SETTLING, entries, remarks
from graph.parse import NEVER, dicts_at, link_of, moment_of, text_at
from graph.talk import PREFER
from graph.wire.addresses import query as encoded
from graph.wire.batches import Part

PAGE = 50
_TITLE = 60


class ChannelNews:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph.scoped(SCOPES)
        self._channels = Channels(graph)

    async def news(self, span: Span, cursor: Any) -> News:
        """Of a thread the whole is read, however old it began."""
        known = moment_of(text_at(cursor, "until"))
        since, until = span.since if known == NEVER else known, span.until - SETTLING
        channels = list((await self._channels.known()).values())
        parts = [_part(channel) for channel in channels]
        answers = await self._graph.batch(parts) if parts else []
        found: list[Entry] = []
        for channel, answer in zip(channels, answers, strict=True):
            for root in dicts_at(answer.found(), "value"):
                found += self._entries(channel, root, Span(since, until))
        found.sort(key=lambda entry: entry.document.modified)
        return News(tuple(found), {"until": until.isoformat()})

    def _entries(self, channel: Channel, root: Mapping[str, Any], span: Span) -> list[Entry]:
        lines = remarks([root, *dicts_at(root, "replies")])
        if not lines:
            return []
        id, first = text_at(root, "id"), lines[0].said.text
        about = first if len(first) <= _TITLE else f"{first[: _TITLE - 1].rsplit(' ', 1)[0]}…"
        return entries(
            lines,
            Document(
                id=f"channels:{quote(channel.team, safe='')}/{quote(channel.id, safe='@:')}/{quote(id, safe='')}",
                source="channels",
                kind="chat",
                title=about or channel.place,
                link=link_of(text_at(root, "webUrl")) or channel.link,
                author="",
                modified=span.until,
                text="",
                place=channel.place,
                thread=id,
            ),
            self._graph.person_id, span.since, span.until,
            people=tuple(dict.fromkeys(line.said.speaker for line in lines)), alone=False,
            unheard=self._graph.options.unheard,
        )  # fmt: skip


def _part(channel: Channel) -> Part:
    params = {"$top": str(PAGE), "$expand": "replies"}
    return Part(f"{channel.path}/messages?{encoded(params)}", headers=PREFER)


FEED = FeedSpec("channels", SCOPES, ChannelNews)
