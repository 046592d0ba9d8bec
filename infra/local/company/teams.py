"""The company's teams, channels and chats, and what was said in them, from `texts/chats/messages.txt`."""

import hashlib
import html
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from infra.local.company import ids
from infra.local.company.bundle import moment, pieces
from infra.local.company.drives import HERON_PRICING, SHIFT_PLANNING, drive_of, item_at
from infra.local.company.model import Channel, Chat, ChatMessage, Team
from infra.local.company.people import address, group_id, person_id

_LINE = re.compile(r"([@>]) (\d{4}-\d\d-\d\d \d\d:\d\d) (\w+)")
_MENTION = re.compile(r"@([a-z]+)\b")
TEAMS = (
    ("heron", "Heron", "Everything about the HRN-200"),
    ("operations", "Kassel Operations", "The plant in Kassel and its suppliers"),
)
# team, channel, drive, the members of a private one
_CHANNELS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("heron", "General", "heron", ()),
    ("heron", "Firmware", "heron", ()),
    ("heron", "Pricing", "heron_pricing", HERON_PRICING),
    ("operations", "General", "operations", ()),
    ("operations", "Purchasing", "operations", ()),
    ("operations", "Shift planning", "operations_shifts", SHIFT_PLANNING),
)


@dataclass(frozen=True, slots=True)
class _Where:
    chat_id: str = ""
    team_id: str = ""
    channel_id: str = ""


@dataclass(slots=True)
class Talk:
    teams: list[Team] = field(default_factory=list[Team])
    channels: list[Channel] = field(default_factory=list[Channel])
    chats: list[Chat] = field(default_factory=list[Chat])
    messages: list[ChatMessage] = field(default_factory=list[ChatMessage])


def talk() -> Talk:
    """Raises ValueError on a malformed line of the text file."""
    told = Talk()
    for key, name, description in TEAMS:
        told.teams.append(Team(channel_id(key, "General"), group_id(name), name, description))
    for team, name, drive, members in _CHANNELS:
        told.channels.append(
            Channel(
                id=channel_id(team, name),
                team_id=channel_id(team, "General"),
                name=name,
                kind="private" if members else "standard",
                members=[person_id(key) for key in members],
                drive_id=drive_of(drive),
                folder_id=item_at(drive, name),
            )
        )
    for title, lines in pieces("chats/messages.txt"):
        _conversation(told, title, lines)
    return told


def more_talk(name: str) -> list[ChatMessage]:
    """What else was said in the same channels and chats, from a file of `texts/`."""
    told = Talk()
    for title, lines in pieces(name):
        _conversation(told, title, lines)
    return told.messages


def channel_id(team: str, channel: str) -> str:
    """A General channel shares its id with its team."""
    return ids.thread(f"{team}/{channel}")


def chat_id(topic: str) -> str:
    """Of a group chat, by its topic."""
    return ids.group_chat(topic)


def _conversation(told: Talk, title: str, lines: list[str]) -> None:
    kind, _, rest = title.partition(" ")
    if kind == "channel":
        team, _, name = rest.partition("/")
        place = _Where(team_id=channel_id(team, "General"), channel_id=channel_id(team, name))
    else:
        chat = _chat(kind, rest)
        told.chats.append(chat)
        place = _Where(chat_id=chat.id)
    told.messages += _messages(title, lines, place)


def _chat(kind: str, rest: str) -> Chat:
    topic, _, names = rest.rpartition(" | ")
    members = [person_id(key) for key in names.split(", ")]
    if kind == "one":
        return Chat(ids.one_on_one(*members), "oneOnOne", members)
    if kind == "meeting":
        return Chat(ids.meeting_chat(topic), "meeting", members, topic)
    if kind == "group":
        return Chat(chat_id(topic), "group", members, topic)
    raise ValueError(f"Not a kind of conversation: {kind}")


def _messages(title: str, lines: list[str], place: _Where) -> list[ChatMessage]:
    said: list[ChatMessage] = []
    root = ""
    for head, text in zip(lines[::2], lines[1::2], strict=True):
        match = _LINE.fullmatch(head)
        if match is None:
            raise ValueError(f"Not a message header: {head}")
        mark, when, author = match.groups()
        # Two messages of one minute in two places must not share an id.
        spread = int.from_bytes(hashlib.sha256(f"{title}{head}".encode()).digest()[:2]) % 60_000
        sent = moment(when) + timedelta(milliseconds=spread)
        message = _message(text, sent, author, place)
        if place.channel_id:
            root = root if mark == ">" else message.id
            message.reply_to = root if mark == ">" else ""
        said.append(message)
    return said


def _message(text: str, sent: datetime, author: str, place: _Where) -> ChatMessage:
    mentioned = _MENTION.findall(text)
    page = html.escape(text, quote=False)
    for number, key in enumerate(mentioned):
        page = page.replace(f"@{key}", f'<at id="{number}">{address(key)[0]}</at>', 1)
    return ChatMessage(
        id=ids.chat_message(sent),
        author_id=person_id(author),
        sent=sent,
        html=f"<p>{page}</p>",
        text=_MENTION.sub(lambda match: address(match[1])[0], text),
        chat_id=place.chat_id,
        team_id=place.team_id,
        channel_id=place.channel_id,
        mentions=[person_id(key) for key in mentioned],
    )
