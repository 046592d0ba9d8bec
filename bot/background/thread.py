"""What was said around the question: its thread in a channel, the last words of a chat, and the messages it quotes.

All of it stands in this very conversation, so everybody who reads the answer may read it. It comes from Graph with the asker's
own rights; where those were not given, from what we heard because the place asked us to listen.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from bot.background.known import Known
from bot.context import Place
from bot.services import Turn
from bot.store.heard import Remark
from bot.teams.activities import thread_root
from graph import thread as talk
from graph.base import Document
from graph.client import Graph
from graph.errors import ConsentRequired, GraphError
from graph.options import zone_of
from graph.thread import Line

MOST_MESSAGES = 20
MOST_CHARACTERS = 12_000
"""Of the whole talk: about 3,000 tokens."""
ROOT_CHARACTERS = 2_000
"""Of a thread's first message, which is what the thread is about; it always comes along."""
OWN_CHARACTERS = 500
"""Of our own earlier messages: what was asked in this thread is in the transcript anyway."""
_TURNS = 200
"""Among which the one is looked for that a quoted answer belongs to."""
_SAME = 80
"""Letters by which a message is known to be in the transcript already."""
SOURCE = "thread"
CUT_OFF = "The earlier messages of this conversation could not be read. Say so if the question is about them."


async def thread(turn: Turn) -> Known:
    """Never raises for what cannot be read: the answer goes on without it. `StoreUnavailable` passes through."""
    around = await _around(turn)
    ids = {document.id for document in around.documents}
    quoted = [document for document in await _quoted(turn) if document.id not in ids]
    return replace(around, documents=(*around.documents, *quoted))


async def _around(turn: Turn) -> Known:
    reference = turn.incoming.reference
    if reference.place is Place.PERSONAL:
        return Known()
    lines, missing = await _read(turn)
    if lines is None:
        heard = _from_heard(turn, await turn.services.heard.of(reference.id))
        return Known(tuple(heard), notes=() if heard else (CUT_OFF,), consents=missing)
    told = await _told(turn)
    fresh = [line for line in lines if line.said.id != _question_id(turn) and _key(line.said.text) not in told]
    if turn.services.policy.minds_labels:
        # Of our own words nobody can tell here what they were made from; those of the transcript know it.
        fresh = [line for line in fresh if not _is_ours(turn, line)]
    root = thread_root(reference.id)[1]
    return Known(tuple(_within_budget([_document(turn, line) for line in fresh], _id(root))))


async def _read(turn: Turn) -> tuple[list[Line] | None, frozenset[str]]:
    """None when Graph did not say (not signed in, not allowed, too slow), and which permissions were missing."""
    services, person = turn.services, turn.person
    if not services.sources or not person.id:
        return None, frozenset()

    async def token(scopes: tuple[str, ...], claims: str | None) -> str:
        return await services.sign_in.graph_token(person, scopes, claims)

    graph = services.graph.for_person(person.id, token, timezone=turn.incoming.reference.timezone)
    try:
        async with asyncio.timeout(services.search_seconds):
            in_channel = turn.incoming.reference.place is Place.CHANNEL
            return await (_channel(turn, graph) if in_channel else _chat(turn, graph)), frozenset()
    except ConsentRequired as needed:
        return None, frozenset(needed.scopes)
    except (GraphError, TimeoutError):
        return None, frozenset()


async def _channel(turn: Turn, graph: Graph) -> list[Line] | None:
    channel_id, root = thread_root(turn.incoming.reference.id)
    group_id = await turn.conversation.group_id()
    if not group_id or not root:
        return None
    if root == _question_id(turn):
        return []  # the question opens the thread: nothing stands before it
    return await talk.thread(graph, group_id, channel_id, root, top=MOST_MESSAGES)


async def _chat(turn: Turn, graph: Graph) -> list[Line]:
    chat_id = thread_root(turn.incoming.reference.id)[0]
    if turn.incoming.targeted:
        return await talk.chat(graph, chat_id, top=MOST_MESSAGES)
    # Who was added without the chat's history must not learn it from us.
    lines, since = await asyncio.gather(
        talk.chat(graph, chat_id, top=MOST_MESSAGES), talk.seen_by_all_since(graph, chat_id)
    )
    return [line for line in lines if line.said.at >= since]


async def _told(turn: Turn) -> set[str]:
    """What the model sees in the transcript is not given to it once more."""
    messages = await turn.services.transcripts.load(
        turn.incoming.kept_under, turns=MOST_MESSAGES, before=turn.incoming.id
    )
    return {_key(message.text) for message in messages}


def _key(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())[:_SAME]


def _document(turn: Turn, line: Line) -> Document:
    spoken = line.said
    if _is_ours(turn, line):
        return _made(turn, spoken.id, turn.say("place.ours"), spoken.at, spoken.text[:OWN_CHARACTERS], spoken.link)
    return _made(turn, spoken.id, spoken.speaker, spoken.at, spoken.text, spoken.link)


def _is_ours(turn: Turn, line: Line) -> bool:
    return bool(line.application_id) and line.application_id == turn.incoming.reference.bot_id.rpartition(":")[2]


def _from_heard(turn: Turn, remarks: Sequence[Remark]) -> list[Document]:
    fresh = [remark for remark in remarks if remark.id != _question_id(turn)]
    made = [
        _made(turn, remark.id, remark.author, datetime.fromtimestamp(remark.created, UTC), remark.text)
        for remark in fresh[-MOST_MESSAGES:]
    ]
    return _within_budget(made, _id(thread_root(turn.incoming.reference.id)[1]))


async def _quoted(turn: Turn) -> list[Document]:
    """An answer of ours that is quoted has the labels of what it was made from."""
    found: list[Document] = []
    for quoted in turn.incoming.quoted:
        made = _made(turn, quoted.id, quoted.author, _moment(turn, quoted.id), quoted.text)
        found.append(made.labelled(*await labels_of_ours(turn, quoted.id)))
    return found


async def labels_of_ours(turn: Turn, message_id: str) -> frozenset[str]:
    """Of everything one of our answers in this conversation was made from; nothing for what is no answer of ours."""
    if not turn.services.policy.minds_labels:
        return frozenset()
    services, here = turn.services, turn.incoming.reference.id
    answer = await services.answers.get(here, message_id)
    if answer is None:
        return frozenset()
    recent = await services.transcripts.recent(answer.kept.asked.kept_under, turns=_TURNS)
    of_turn = (one.provenance.labels for one in recent.turns if one.turn_id == answer.kept.turn_id)
    return frozenset({answer.kept.label} - {""}).union(*of_turn)


def _made(turn: Turn, id: str, author: str, at: datetime, text: str, link: str = "") -> Document:
    """The title is what the reader sees in the list of sources: who, and when by their clock."""
    when = at.astimezone(zone_of(turn.incoming.reference.timezone))
    title = f"{author or turn.say('place.somebody')}, {when:%Y-%m-%d %H:%M}"
    return Document(
        _id(id), SOURCE, "chat", title, link or _link(turn, id), author, at, text,
        place=turn.say("place.here"), thread=turn.incoming.reference.id, complete=True,
    )  # fmt: skip


def _id(message_id: str) -> str:
    return f"{SOURCE}:{message_id}"


def _link(turn: Turn, message_id: str) -> str:
    """To the message, for members (msteams-docs, deep links to a message)."""
    bare, root = thread_root(turn.incoming.reference.id)
    if turn.incoming.reference.place is Place.PERSONAL or not message_id.isdecimal():
        return ""
    address = f"https://teams.microsoft.com/l/message/{quote(bare, safe='')}/{message_id}"
    tenant = quote(turn.incoming.reference.tenant, safe="")
    return f"{address}?tenantId={tenant}" + (f"&parentMessageId={root}" if root.isdecimal() else "")


def _moment(turn: Turn, message_id: str) -> datetime:
    """Teams numbers messages by the milliseconds since 1970."""
    try:
        return datetime.fromtimestamp(int(message_id) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return turn.services.now()


def _question_id(turn: Turn) -> str:
    """Without what was added when it waited for a sign-in."""
    return turn.incoming.id.partition(":")[0]


def _within_budget(documents: Sequence[Document], root_id: str) -> list[Document]:
    """The thread's first message and the newest others, in their order."""
    kept = [replace(document, text=document.text[:ROOT_CHARACTERS]) for document in documents if document.id == root_id]
    left = MOST_CHARACTERS - sum(len(document.text) for document in kept)
    newest: list[Document] = []
    for document in reversed([document for document in documents if document.id != root_id]):
        if left <= 0:
            break
        newest.append(replace(document, text=document.text[:left], truncated=len(document.text) > left))
        left -= len(document.text)
    return [*kept, *reversed(newest)]
