"""What stands around a message in Teams: its thread in a channel, or what was said last in a chat, with the asker's own rights."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graph.client import Graph
from graph.parse import dict_at, dicts_at, moment_of, text_at
from graph.talk import PREFER, Said, said
from graph.together import both
from graph.wire.addresses import segment

CHANNEL_SCOPES = ("ChannelMessage.Read.All",)
CHAT_SCOPES = ("Chat.Read",)
_PAGE = 50
"""The most Graph gives at once (chat-list-messages, channel-list-messages)."""
_MEMBERS = 1000


@dataclass(frozen=True, slots=True)
class Line:
    said: Said
    person_id: str
    """Entra object id of the speaker; empty for bots and people of other kinds."""
    application_id: str
    """Of a bot; else empty."""


async def thread(graph: Graph, group_id: str, channel_id: str, root_id: str, *, top: int) -> list[Line]:
    """The thread's first message and its `top` newest replies, oldest first. Errors: `graph.errors`."""
    of_channel = graph.scoped(CHANNEL_SCOPES)
    path = f"/teams/{segment(group_id)}/channels/{segment(channel_id)}/messages/{segment(root_id)}"
    root, replies = await both(of_channel.get(path, headers=PREFER), _newest(of_channel, f"{path}/replies", top))
    return _lines([root, *replies])


async def chat(graph: Graph, chat_id: str, *, top: int) -> list[Line]:
    """The `top` newest messages of a group or meeting chat, oldest first. Errors: `graph.errors`."""
    return _lines(await _newest(graph.scoped(CHAT_SCOPES), f"/chats/{segment(chat_id)}/messages", top))


async def seen_by_all_since(graph: Graph, chat_id: str) -> datetime:
    """From when on every member of a chat sees what was said: people may be added without its history. Errors: `graph.errors`."""
    newest = datetime.min.replace(tzinfo=UTC)
    path = f"/chats/{segment(chat_id)}/members"
    async for member in graph.scoped(CHAT_SCOPES).pages(path, limit=_MEMBERS):
        since = text_at(member, "visibleHistoryStartDateTime")
        newest = max(newest, moment_of(since)) if since else newest
    return newest


async def _newest(graph: Graph, path: str, top: int) -> list[dict[str, Any]]:
    params = {"$top": str(min(top, _PAGE))}
    return [message async for message in graph.pages(path, params, limit=top, headers=PREFER)]


def _lines(messages: list[dict[str, Any]]) -> list[Line]:
    found: dict[str, Line] = {}
    for message in messages:
        spoken = said(_without_bots(message))
        if spoken is not None:
            found[spoken.id] = Line(spoken, _sender(message, "user"), _sender(message, "application"))
    return sorted(found.values(), key=lambda line: (line.said.at, line.said.id))


def _without_bots(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """ "<at>Parley</at> who …?" is "who …?": calling a bot is no part of what was said."""
    bots = [
        mention.get("id") for mention in dicts_at(message, "mentions") if dict_at(mention, "mentioned", "application")
    ]
    content = text_at(message, "body", "content")
    for id in bots:
        content = re.sub(rf'<at id="{re.escape(str(id))}">[^<]*</at>', "", content)
    return {**message, "body": {**dict_at(message, "body"), "content": content}} if bots else message


def _sender(message: Mapping[str, Any], kind: str) -> str:
    return text_at(message, "from", kind, "id")
