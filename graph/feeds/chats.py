"""What was said in the person's chats since a moment.

Graph has no delta of all of a person's chats for delegated permissions, so the list says which have news and only those are read.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from graph.base import Document
from graph.client import Graph
from graph.feed import Entry, FeedSpec, News, Span
from graph.feeds.talk import SETTLING, entries, remarks
from graph.parse import NEVER, dicts_at, link_of, moment_of, text_at
from graph.talk import PREFER
from graph.wire.addresses import query as encoded
from graph.wire.addresses import segment
from graph.wire.batches import Part

SCOPES = ("Chat.Read",)
MOST_CHATS = 100
PAGE = 50
"""Source: https://learn.microsoft.com/graph/api/chat-list-messages ($top)"""


class Chats:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph.scoped(SCOPES)

    async def news(self, span: Span, cursor: Any) -> News:
        known = moment_of(text_at(cursor, "until"))
        since, until = span.since if known == NEVER else known, span.until - SETTLING
        chats = await self._chats(since)
        answers = await self._graph.batch([Part(_page(text_at(chat, "id")), headers=PREFER) for chat in chats])
        found: list[Entry] = []
        for chat, answer in zip(chats, answers, strict=True):
            found += self._entries(chat, answer.found(), Span(since, until))
        found.sort(key=lambda entry: entry.document.modified)
        return News(tuple(found), {"until": until.isoformat()})

    async def _chats(self, since: Any) -> list[Mapping[str, Any]]:
        """Those somebody has written in since; the newest first."""
        params = {
            "$expand": "members,lastMessagePreview",
            "$orderby": "lastMessagePreview/createdDateTime desc",
            "$top": "50",
        }
        found: list[Mapping[str, Any]] = []
        async for chat in self._graph.pages("/me/chats", params, limit=MOST_CHATS):
            last = moment_of(text_at(chat, "lastMessagePreview", "createdDateTime"))
            if last != NEVER and last <= since:
                break
            if last != NEVER:
                found.append(chat)
        return found

    def _entries(self, chat: Mapping[str, Any], page: Mapping[str, Any], span: Span) -> list[Entry]:
        me = self._graph.person_id
        members = {
            text_at(member, "userId"): " ".join(text_at(member, "displayName").split())
            for member in dicts_at(chat, "members")
        }
        others = ", ".join(name for id, name in members.items() if id != me and name)
        topic = " ".join(text_at(chat, "topic").split())
        id = text_at(chat, "id")
        about = Document(
            id=f"chats:{quote(id, safe='=@:')}",
            source="chats",
            kind="chat",
            title=topic or others,
            link=link_of(text_at(chat, "webUrl")),
            author="",
            modified=span.until,
            text="",
            place=topic,
            thread=id,
        )
        return entries(
            remarks(dicts_at(page, "value")), about, me, span.since, span.until,
            people=tuple(name for name in members.values() if name),
            alone=text_at(chat, "chatType") == "oneOnOne", unheard=self._graph.options.unheard,
            link=lambda message: _message_link(id, message),
        )  # fmt: skip


def _message_link(chat: str, message: str) -> str:
    """Graph gives none for messages of chats.

    Source: https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-teams (to a message in a chat)
    """
    context = quote('{"contextType":"chat"}', safe="")
    return f"https://teams.microsoft.com/l/message/{quote(chat, safe='')}/{quote(message, safe='')}?context={context}"


def _page(chat: str) -> str:
    """The newest, older than the last digest too: who asked what before is needed to know what was answered."""
    return f"/chats/{segment(chat)}/messages?{encoded({'$top': str(PAGE)})}"


FEED = FeedSpec("chats", SCOPES, Chats)
