"""The asker's chats in Teams: what was said, by whom, with the messages around it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from graph.base import Document, Hints, Query, SourceSpec
from graph.client import Graph
from graph.errors import Forbidden, NotFound, Rejected, SignInNeeded, Unavailable
from graph.kql import chat_kql
from graph.match import best, in_place, names_somebody
from graph.once import Once
from graph.parse import NEVER, dicts_at, hits_of, link_of, moment_of, text_at
from graph.talk import PREFER, Said, around, said, talk, written
from graph.together import both
from graph.wire.addresses import query as encoded
from graph.wire.addresses import segment
from graph.wire.batches import Part

SCOPES = ("Chat.Read",)
SEARCH_SCOPES = ("Chat.Read", "ChannelMessage.Read.All")
"""Microsoft's search of messages covers chats and channels at once, so it asks for both."""
MAX_HITS = 25
MAX_PAGE = 50
"""Source: https://learn.microsoft.com/graph/api/chat-list-messages ($top)"""
MOST_CHATS = 200
LOOKED_INTO = 8
"""Chats that are read when Microsoft's search is not allowed."""
LATER = timedelta(hours=12)
WORDS = frozenset(("chat", "chats", "teams", "message", "messages", "nachricht", "nachrichten", "chatverlauf"))


class Chats:
    name: ClassVar[str] = "chats"
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    def __init__(self, graph: Graph) -> None:
        self._graph, self._searching = graph.scoped(SCOPES), graph.scoped(SEARCH_SCOPES)
        self._all = Once[str, list[Mapping[str, Any]]]()

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """Stretches of talk around what was found, best first."""
        if top <= 0:
            return []
        hits, chats = await both(self._hits(query), self._all.get("", self._chats))
        known = {text_at(chat, "id"): chat for chat in chats}
        if hits is None or query.place:
            return await self._look_into(_likely(known.values(), query), query, top)
        wanted: dict[str, dict[str, str]] = {}
        for chat, id, moment in hits:
            if chat in known:
                wanted.setdefault(chat, {})[id] = moment
        chosen = dict(list(wanted.items())[:top])
        lines = await self._messages({id: max(moments.values()) for id, moments in chosen.items()})
        found = [
            _document(known[chat], part, self._graph, id=next(entry.id for entry in part if entry.id in ids))
            for chat, ids in chosen.items()
            for part in around(lines[chat], ids)
        ]
        return found[:top]

    async def _chats(self) -> list[Mapping[str, Any]]:
        params = {"$expand": "members", "$top": str(MAX_PAGE)}
        return [chat async for chat in self._graph.pages("/me/chats", params, limit=MOST_CHATS)]

    async def _hits(self, query: Query) -> list[tuple[str, str, str]] | None:
        """(chat id, message id, when); None where Microsoft's search is not allowed."""
        kql = chat_kql(query)
        if not kql:
            return None
        request = {"entityTypes": ["chatMessage"], "query": {"queryString": kql}, "from": 0, "size": MAX_HITS}
        try:
            reply = await self._searching.post("/search/query", {"requests": [request]}, safe=True)
        except (Rejected, Forbidden, NotFound, Unavailable, SignInNeeded):
            return None
        found = [(hit.get("resource"), text_at(hit, "hitId")) for hit in hits_of(reply)]
        return [
            (text_at(message, "chatId"), id or text_at(message, "id"), text_at(message, "createdDateTime"))
            for message, id in found
            if text_at(message, "chatId")
        ]

    async def _messages(self, until: Mapping[str, str]) -> dict[str, list[Said]]:
        """By chat: a page of messages up to somewhat after a moment (ISO 8601; empty: the newest)."""
        answers = await self._graph.batch([Part(_page(chat, moment), headers=PREFER) for chat, moment in until.items()])
        return {chat: talk(dicts_at(answer.found(), "value")) for chat, answer in zip(until, answers, strict=True)}

    async def _look_into(self, chats: Sequence[Mapping[str, Any]], query: Query, top: int) -> list[Document]:
        """The newest messages of chats that can be meant, searched by ourselves."""
        named = {text_at(chat, "id"): chat for chat in chats[:LOOKED_INTO]}
        moment = query.before.isoformat() if query.before else ""
        found: list[tuple[Mapping[str, Any], list[Said], Said]] = []
        for chat, lines in (await self._messages(dict.fromkeys(named, moment))).items():
            rows = [
                entry
                for entry in lines
                if (not query.after or entry.at >= query.after) and (not query.before or entry.at <= query.before)
            ]
            members = _names(named[chat])
            hits = best(rows, query, lambda entry: entry.text, top, ignore=WORDS)
            hits = hits or (rows[-1:] if best([members], query, str, 1, ignore=WORDS) else [])
            ids = [entry.id for entry in hits]
            found += [(named[chat], part, _first(part, ids)) for part in around(lines, ids)]
        return [_document(chat, part, self._graph, id=hit.id) for chat, part, hit in found][:top]

    async def read(self, id: str) -> Document:
        """The message with more of the talk around it."""
        chat, message = _split(id)
        about, found = await both(
            self._graph.get(f"/chats/{segment(chat)}", {"$expand": "members"}),
            self._graph.get(f"/chats/{segment(chat)}/messages/{segment(message)}", headers=PREFER),
        )
        hit = said(found)
        if hit is None:
            raise NotFound("This message was deleted.", status=404)
        lines = (await self._messages({chat: text_at(found, "createdDateTime")}))[chat]
        (part, *_) = around(lines, [message], each_side=15) or [[hit]]
        return _document({**about, "id": chat}, part, self._graph, id=message, complete=True)

    async def readers(self, id: str) -> frozenset[str] | None:
        """The members of the chat now, without those who were given its history from a later moment on."""
        chat, message = _split(id)
        try:
            pages = self._graph.pages(f"/chats/{segment(chat)}/members", limit=1000)
            members = [member async for member in pages]
        except (Forbidden, NotFound, Rejected):
            return None
        return frozenset(text_at(member, "userId") for member in members if _sees(member, message)) - {""} or None


def _sees(member: Mapping[str, Any], message: str) -> bool:
    shown = member.get("visibleHistoryStartDateTime")
    if shown is None:
        return message.isdecimal()
    since = moment_of(shown) if isinstance(shown, str) else NEVER
    # What can't be understood shows nothing; from the year 1 on is everything.
    return message.isdecimal() and since != NEVER and since.timestamp() * 1000 <= int(message[:15])


def _first(part: Sequence[Said], ids: Sequence[str]) -> Said:
    return next(entry for entry in part if entry.id in ids)


def _likely(chats: Iterable[Mapping[str, Any]], query: Query) -> list[Mapping[str, Any]]:
    """Graph lists the newest first; those with the place or the people the question names come first, or alone."""
    listed = list(chats)
    people = (*query.people, *query.participants, *query.recipients)
    if query.place:
        listed = [chat for chat in listed if in_place(query.place, text_at(chat, "topic"), _names(chat))]
    named = [chat for chat in listed if people and names_somebody(people, _names(chat))]
    return named or listed


def _names(chat: Mapping[str, Any]) -> str:
    return " | ".join(
        f"{text_at(member, 'displayName')} {text_at(member, 'email')}" for member in dicts_at(chat, "members")
    )


def _page(chat: str, moment: str) -> str:
    params = {"$top": str(MAX_PAGE)}
    at = moment_of(moment) if moment else NEVER
    if at != NEVER:
        until = (at + LATER).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        params |= {"$orderby": "createdDateTime desc", "$filter": f"createdDateTime lt {until}"}
    return f"/chats/{segment(chat)}/messages?{encoded(params)}"


def _document(
    chat: Mapping[str, Any], lines: Sequence[Said], graph: Graph, *, id: str, complete: bool = False
) -> Document:
    hit = next((entry for entry in lines if entry.id == id), lines[-1])
    own = graph.person_id
    others = [
        " ".join(text_at(member, "displayName").split())
        for member in dicts_at(chat, "members")
        if text_at(member, "userId") != own
    ]
    names = ", ".join(name for name in others if name)
    topic = " ".join(text_at(chat, "topic").split())
    title = topic or (f"Chat with {names}" if names else "Chat")
    return Document(
        id=f"chats:{quote(text_at(chat, 'id'), safe='=@:')}/{quote(id, safe='=')}",
        source=Chats.name,
        kind="chat",
        title=title,
        link=hit.link or link_of(text_at(chat, "webUrl")),
        author=hit.speaker,
        modified=lines[-1].at,
        text=written(lines, graph.zone, unheard=graph.options.unheard),
        place=f"chat with {names}" if topic and names else "",
        thread=text_at(chat, "id"),
        complete=complete,
    )


def _split(id: str) -> tuple[str, str]:
    """(chat id, message id). Raises `NotFound` for what is no id of ours."""
    prefix, _, rest = id.partition(":")
    chat, separator, message = rest.partition("/")
    if prefix != Chats.name or not separator or not chat or not message or "/" in message:
        raise NotFound("There is no chat message with this id.", status=404)
    return unquote(chat), unquote(message)


def wanted(hints: Hints) -> bool:
    """Most questions can be about what somebody said."""
    return bool(hints.people) or bool(hints.place) or hints.says(WORDS | _SAYING)


_SAYING = frozenset(
    """
    said say says told tell discussed discuss talked talk wrote write asked ask agreed agree mentioned decided promised
    gesagt sagt sagte erzählt besprochen geschrieben schrieb gefragt vereinbart abgemacht erwähnt entschieden versprochen
    """.split()  # noqa: SIM905 -- as a list literal this would be thirty lines
)

SOURCE = SourceSpec(
    "chats", "your chats in Teams", SCOPES, Chats, also=("ChannelMessage.Read.All",), optional=True, wanted=wanted
)
