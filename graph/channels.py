"""Channels of the asker's teams: posts with their replies, and the names of the files that were shared there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from graph.base import Document, Hints, Query, SourceSpec
from graph.client import Graph
from graph.errors import Forbidden, NotFound, Rejected, SignInNeeded, Unavailable
from graph.kql import chat_kql
from graph.match import in_place, names_somebody, score
from graph.once import Once
from graph.parse import dicts_at, hits_of, link_of, text_at
from graph.talk import PREFER, Said, said, talk, written
from graph.together import both, every
from graph.wire.addresses import query as encoded
from graph.wire.addresses import segment
from graph.wire.batches import Part

SCOPES = ("ChannelMessage.Read.All", "Team.ReadBasic.All", "Channel.ReadBasic.All")
SEARCH_SCOPES = ("ChannelMessage.Read.All", "Chat.Read")
MEMBER_SCOPES = ("ChannelMember.Read.All",)
MAX_HITS = 25
MAX_PAGE = 50
"""Source: https://learn.microsoft.com/graph/api/channel-list-messages ($top)"""
MOST_TEAMS = 50
LOOKED_INTO = 10
"""Channels that are read when Microsoft's search is not allowed."""
_PARENT = re.compile(r"[?&]parentMessageId=(\d{1,20})")
WORDS = frozenset(
    """
    channel channels team teams post posts posted thread message messages wrote
    kanal kanäle beitrag beiträge team nachricht nachrichten geschrieben
    """.split()  # noqa: SIM905 -- as a list literal this would be twenty lines
)


@dataclass(frozen=True, slots=True)
class Channel:
    """`team` is the id of the team's group."""

    team: str
    id: str
    name: str = ""
    team_name: str = ""
    link: str = ""

    @property
    def path(self) -> str:
        return f"/teams/{segment(self.team)}/channels/{segment(self.id)}"

    @property
    def place(self) -> str:
        return " / ".join(part for part in (self.team_name, self.name) if part)


class Channels:
    name: ClassVar[str] = "channels"
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    def __init__(self, graph: Graph) -> None:
        self._graph, self._searching = graph.scoped(SCOPES), graph.scoped(SEARCH_SCOPES)
        self._membership = graph.scoped(MEMBER_SCOPES)
        self._all = Once[str, dict[str, Channel]]()
        self._read = Once[str, list[list[Said]]]()

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """Whole threads, best first: a reply is worth little without what it answers."""
        if top <= 0:
            return []
        hits, known = await both(self._hits(query), self.known())
        if hits is None:
            chosen = [channel for channel in known.values() if in_place(query.place, channel.name, channel.place)]
            wanted: dict[str, set[str]] = {channel.id: set() for channel in chosen[:LOOKED_INTO]}
        else:
            wanted = {}
            for channel, message, _ in hits:
                if channel in known:
                    wanted.setdefault(channel, set()).add(message)
        threads = await every(self._read.get(id, partial(self._threads, known[id])) for id in wanted)
        threads = [[*listed] for listed in threads]
        for channel, thread in await self._older(hits or [], known, threads):
            threads[list(wanted).index(channel)].append(thread)
        found: list[tuple[float, Document]] = []
        for (id, ids), listed in zip(wanted.items(), threads, strict=True):
            for thread in listed:
                value = _value(query, thread, ids, by_hand=hits is None)
                if value > 0:
                    found.append((value, _document(known[id], thread, self._graph)))
        found.sort(key=lambda entry: (-entry[0], -entry[1].modified.timestamp()))
        return [document for _, document in found][:top]

    async def known(self) -> Mapping[str, Channel]:
        """Those the person sees, by id."""
        return await self._all.get("", self._channels)

    async def _channels(self) -> dict[str, Channel]:
        """By channel id."""
        teams = [team async for team in self._graph.pages("/me/joinedTeams", limit=MOST_TEAMS)]
        answers = await self._graph.batch([Part(f"/teams/{segment(text_at(team, 'id'))}/channels") for team in teams])
        if answers and not any(answer.ok for answer in answers):
            answers[0].json()
        found: dict[str, Channel] = {}
        for team, answer in zip(teams, answers, strict=True):
            for channel in dicts_at(answer.found(), "value"):
                one = Channel(
                    text_at(team, "id"),
                    text_at(channel, "id"),
                    " ".join(text_at(channel, "displayName").split()),
                    " ".join(text_at(team, "displayName").split()),
                    link_of(text_at(channel, "webUrl")),
                )
                if one.id:
                    found[one.id] = one
        return found

    async def _older(
        self,
        hits: Sequence[tuple[str, str, str]],
        known: Mapping[str, Channel],
        threads: Sequence[Sequence[list[Said]]],
    ) -> list[tuple[str, list[Said]]]:
        """(channel id, thread) of hits further back than the page of newest threads."""
        seen = {entry.id for listed in threads for thread in listed for entry in thread}
        roots = {(channel, root): None for channel, message, root in hits if channel in known and message not in seen}
        answers = await self._graph.batch([_part(known[channel], root) for channel, root in roots]) if roots else []
        found = [(channel, _thread(answer.found())) for (channel, _), answer in zip(roots, answers, strict=True)]
        return [(channel, thread) for channel, thread in found if thread]

    async def _hits(self, query: Query) -> list[tuple[str, str, str]] | None:
        """(channel id, message id, its thread's root as far as the link tells); None where search is not allowed or a place is named."""
        kql = chat_kql(query)
        if not kql or query.place:
            return None
        request = {"entityTypes": ["chatMessage"], "query": {"queryString": kql}, "from": 0, "size": MAX_HITS}
        try:
            reply = await self._searching.post("/search/query", {"requests": [request]}, safe=True)
        except (Rejected, Forbidden, NotFound, Unavailable, SignInNeeded):
            return None
        found: list[tuple[str, str, str]] = []
        for hit in hits_of(reply):
            channel, message = text_at(hit, "resource", "channelIdentity", "channelId"), text_at(hit, "hitId")
            link = text_at(hit, "resource", "webUrl") or text_at(hit, "resource", "webLink")
            parent = _PARENT.search(link)
            if channel and message:
                found.append((channel, message, parent.group(1) if parent else message))
        return found

    async def _threads(self, channel: Channel) -> list[list[Said]]:
        """The newest threads of a channel, newest first. Empty for a channel that is gone."""
        params = {"$top": str(MAX_PAGE), "$expand": "replies"}
        try:
            page = await self._graph.get(f"{channel.path}/messages", params, PREFER)
        except NotFound:
            return []
        return [thread for root in dicts_at(page, "value") if (thread := _thread(root))]

    async def read(self, id: str) -> Document:
        """The whole thread."""
        team, channel, root = _split(id)
        place = Channel(team, channel)
        message, about, group = await self._graph.batch(
            [_part(place, root), Part(place.path), Part(f"/teams/{segment(team)}")]
        )
        thread = _thread(message.json())
        if not thread:
            raise NotFound("This message was deleted.", status=404)
        named = Channel(
            team, channel, text_at(about.body, "displayName"), text_at(group.body, "displayName"),
            link_of(text_at(about.body, "webUrl")),
        )  # fmt: skip
        return _document(named, thread, self._graph, complete=True)

    async def readers(self, id: str) -> frozenset[str] | None:
        """The members of the channel now: Graph names the team's members for a standard one, its own for the others."""
        team, channel, _ = _split(id)
        try:
            pages = self._membership.pages(f"{Channel(team, channel).path}/members", {"$top": "999"}, limit=5000)
            return frozenset([text_at(member, "userId") async for member in pages]) - {""} or None
        except (Forbidden, NotFound, Rejected, SignInNeeded):
            return None


def _value(query: Query, thread: Sequence[Said], ids: set[str], *, by_hand: bool) -> float:
    """By hand: the words and people of the query. Otherwise how many of its messages were found."""
    if not by_hand:
        return float(sum(entry.id in ids for entry in thread))
    inside = [
        entry
        for entry in thread
        if (not query.after or entry.at >= query.after) and (not query.before or entry.at <= query.before)
    ]
    people = (*query.people, *query.participants)
    if not inside or not any(names_somebody(people, entry.speaker) for entry in inside):
        return 0.0
    return score(query, "\n".join(entry.text for entry in thread), ignore=WORDS)


def _part(channel: Channel, root: str) -> Part:
    path = f"{channel.path}/messages/{segment(root)}?{encoded({'$expand': 'replies'})}"
    return Part(path, headers=PREFER)


def _thread(root: Mapping[str, Any]) -> list[Said]:
    first = said(root)
    replies = talk(dicts_at(root, "replies"))
    return [first, *replies] if first is not None else replies


def _document(channel: Channel, thread: Sequence[Said], graph: Graph, *, complete: bool = True) -> Document:
    root = thread[0]
    about = root.text if len(root.text) <= 60 else f"{root.text[:57].rsplit(' ', 1)[0]}…"
    about = "" if root.application and root.application == graph.options.unheard else about
    return Document(
        id=f"channels:{quote(channel.team, safe='')}/{quote(channel.id, safe='@:')}/{quote(root.id, safe='')}",
        source=Channels.name,
        kind="chat",
        title=f"{channel.place}: {about}" if channel.place and about else channel.place or about,
        link=root.link or channel.link,
        author=root.speaker,
        modified=thread[-1].at,
        text=written(thread, graph.zone, unheard=graph.options.unheard),
        place=channel.place,
        thread=root.id,
        complete=complete,
    )


def _split(id: str) -> tuple[str, str, str]:
    """(team, channel, root message). Raises `NotFound` for what is no id of ours."""
    prefix, _, rest = id.partition(":")
    parts = rest.split("/")
    if prefix != Channels.name or len(parts) != 3 or not all(parts):
        raise NotFound("There is no channel message with this id.", status=404)
    team, channel, root = map(unquote, parts)
    return team, channel, root


def wanted(hints: Hints) -> bool:
    """What was said, by somebody or somewhere; most other questions are answered by mail and files."""
    return bool(hints.people) or bool(hints.place) or hints.says(WORDS | _SAYING)


_SAYING = frozenset(
    """
    said say told discussed announced agreed decided gesagt besprochen angekündigt vereinbart entschieden
    """.split()  # noqa: SIM905 -- as the other list of words
)

SOURCE = SourceSpec(
    "channels",
    "channels of your teams",
    SCOPES,
    Channels,
    also=("Chat.Read", "ChannelMember.Read.All"),
    optional=True,
    wanted=wanted,
)
